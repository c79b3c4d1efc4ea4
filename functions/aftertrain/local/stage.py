"""The stack on the emulator, by the real `cdk deploy`.

deploy_stage(emulator, processes)  ->  Stage(webhook_url="http://127.0.0.1:…/events", api_url=…, …)
"""

import json
from dataclasses import dataclass

from aftertrain.cli.toolchain import ROOT, cdk_command, cdk_environment
from aftertrain.errors import OperatorError
from aftertrain.local.emulator import ACCOUNT, REGION, Emulator
from aftertrain.local.processes import Processes

NAME = "local"
MODEL_BUCKET = "models"


@dataclass(frozen=True, slots=True)
class Stage:
    """The outputs of `cdk deploy`."""

    webhook_url: str
    api_url: str
    artifacts_bucket: str
    activity_arn: str
    worker_policy_arn: str


def deploy_stage(emulator: Emulator, processes: Processes) -> Stage:
    """Bootstrap and deploy. Raises: OperatorError with the end of cdk's output."""
    folder = processes.folder
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
    _cdk(emulator, processes, "bootstrap", f"aws://{ACCOUNT}/{REGION}", *options)
    _cdk(emulator, processes, "deploy", "--require-approval", "never", "--outputs-file", str(outputs), *options)
    stack_outputs = json.loads(outputs.read_text())[f"Aftertrain-{NAME}"]
    return Stage(
        stack_outputs["WebhookUrl"],
        stack_outputs["ApiUrl"],
        stack_outputs["ArtifactsBucket"],
        stack_outputs["ActivityArn"],
        stack_outputs["WorkerPolicyArn"],
    )


def _cdk(emulator: Emulator, processes: Processes, *arguments: str) -> None:
    # Node and Python disagree about a home that does not exist; the local stage needs nothing from the user's.
    home = str(processes.folder / "cdk-home")
    environment = cdk_environment(**emulator.credentials(), CDK_HOME=home)
    name = f"cdk-{arguments[0]}"
    code = processes.run(name, cdk_command(*arguments), environment, cwd=ROOT)
    if code:
        tail = "\n".join(processes.log(name).read_text(errors="replace").splitlines()[-20:])
        raise OperatorError(f"cdk {arguments[0]} ended with {code}:\n{tail}")
