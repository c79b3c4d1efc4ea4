"""The stack on the emulator, by the real `cdk deploy`.

deploy_stage(emulator, folder)  ->  Stage(webhook_url="http://127.0.0.1:…/events", api_url=…, …)
"""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from aftertrain.cli.toolchain import ROOT, cdk_command, cdk_environment
from aftertrain.errors import OperatorError
from aftertrain.local.emulator import ACCOUNT, REGION, Emulator

NAME = "local"
MODEL_BUCKET = "models"


@dataclass(frozen=True, slots=True)
class Stage:
    """What `cdk deploy` printed."""

    webhook_url: str
    api_url: str
    artifacts_bucket: str
    activity_arn: str
    worker_policy_arn: str


def deploy_stage(emulator: Emulator, folder: Path) -> Stage:
    """Bootstrap and deploy. Raises: OperatorError with the end of what cdk said."""
    context = {
        "stage": NAME,
        "endpoint": emulator.endpoint,
        "model_buckets": json.dumps([MODEL_BUCKET]),
        "channels": json.dumps({"*": {"kind": "log"}}),
        "snapshot_seconds": "0.5",
    }
    options = [argument for name, value in context.items() for argument in ("-c", f"{name}={value}")]
    options += ["--output", str(folder / "cdk.out")]
    outputs = folder / "outputs.json"
    _cdk(emulator, folder, "bootstrap", f"aws://{ACCOUNT}/{REGION}", *options)
    _cdk(emulator, folder, "deploy", "--require-approval", "never", "--outputs-file", str(outputs), *options)
    found = json.loads(outputs.read_text())[f"Aftertrain-{NAME}"]
    return Stage(
        found["WebhookUrl"],
        found["ApiUrl"],
        found["ArtifactsBucket"],
        found["ActivityArn"],
        found["WorkerPolicyArn"],
    )


def _cdk(emulator: Emulator, folder: Path, *arguments: str) -> None:
    # Node and Python cannot agree on a home that does not exist; the emulator's stage needs none of the user's.
    environment = cdk_environment(**emulator.credentials(), CDK_HOME=str(folder / "cdk-home"))
    ended = subprocess.run(
        cdk_command(*arguments), env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
    (folder / f"cdk-{arguments[0]}.log").write_text(ended.stdout + ended.stderr)
    if ended.returncode:
        tail = "\n".join((ended.stdout + ended.stderr).splitlines()[-20:])
        raise OperatorError(f"cdk {arguments[0]} ended with {ended.returncode}:\n{tail}")
