"""The bundle's content, and the webhook's imports from it."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from infra.bundle import LEFT_OUT, SERVICES, build_bundle
from infra.settings import Settings

from infra import bundle

ROOT = Path(__file__).parents[2]

WEBHOOK_PACKAGES = {
    "aftertrain",
    "aws_lambda_powertools",
    "botocore",
    "certifi",
    "dateutil",
    "jmespath",
    "re2",
    "_re2",
    "six",
    "typing_extensions",
    "urllib3",
}
PROGRAM = """
import json, sys
sys.path.insert(0, sys.argv[1])
from aftertrain.lambdas import webhook
webhook.runtime.ports(); webhook.runtime.snapshot()
names = {name.partition(".")[0] for name, module in sys.modules.items()
         if (getattr(module, "__file__", None) or "").startswith(sys.argv[1])}
print(json.dumps([sorted(names), sorted(sys.modules)]))
"""


@pytest.fixture(scope="module")
def local_bundle() -> Path:
    folder, warning = build_bundle(Settings(stage="local", endpoint="http://127.0.0.1:1"))
    assert warning is None
    return folder


def test_the_webhook_imports_a_short_list(local_bundle: Path) -> None:
    environment = {
        "LEDGER_TABLE": "l",
        "REGISTRY_TABLE": "r",
        "REDRIVE_QUEUE_URL": "http://q",
        "SNAPSHOT_SECONDS": "5",
        "AWS_DEFAULT_REGION": "us-east-1",
        "POWERTOOLS_METRICS_NAMESPACE": "x",
    }
    command = [sys.executable, "-S", "-c", PROGRAM, str(local_bundle)]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, cwd="/")
    packages, modules = json.loads(ran.stdout)

    assert set(packages) <= WEBHOOK_PACKAGES
    for costly in ("event_handler", "utilities.idempotency", "utilities.parser"):
        assert f"aws_lambda_powertools.{costly}" not in modules
    for part in ("compiler", "actions", "control", "asl", "tasks"):
        assert f"aftertrain.{part}" not in modules


HANDLERS = """
import importlib, pkgutil, sys
sys.path.insert(0, sys.argv[1])
from aftertrain import lambdas
for module in pkgutil.iter_modules(lambdas.__path__):
    importlib.import_module(f"aftertrain.lambdas.{module.name}")
for module in pkgutil.iter_modules(importlib.import_module("aftertrain.lambdas.runtime").__path__):
    importlib.import_module(f"aftertrain.lambdas.runtime.{module.name}")
"""


def test_every_handler_can_be_imported_from_the_bundle_alone(local_bundle: Path) -> None:
    environment = {"AWS_DEFAULT_REGION": "us-east-1", "POWERTOOLS_METRICS_NAMESPACE": "x"}
    command = [sys.executable, "-S", "-c", HANDLERS, str(local_bundle)]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, cwd="/")

    assert (ran.returncode, ran.stderr) == (0, "")


def test_there_is_byte_code_for_everything(local_bundle: Path) -> None:
    tag = sys.implementation.cache_tag
    for source in (local_bundle / "aftertrain").rglob("*.py"):
        assert (source.parent / "__pycache__" / f"{source.stem}.{tag}.pyc").exists(), source


def test_what_no_function_runs_is_left_out(local_bundle: Path) -> None:
    packages = {path.name for path in (local_bundle / "aftertrain").iterdir() if path.is_dir()}
    services = {path.name for path in (local_bundle / "botocore" / "data").iterdir() if path.is_dir()}

    assert not packages & set(LEFT_OUT)
    assert services == set(SERVICES)
    assert not (local_bundle / "boto3").exists()


def test_every_service_that_a_function_calls_is_described(local_bundle: Path) -> None:
    """botocore makes no client of a service whose description is missing, and no fake would notice."""
    made = re.compile(r"(?:quick|patient|asking|client)(?:\(|, )\"([a-z0-9-]+)\"")
    sources = [path.read_text() for path in (local_bundle / "aftertrain").rglob("*.py")]
    called = {name for source in sources for name in made.findall(source)}

    assert called == set(SERVICES)


def test_bundles_of_older_sources_are_forgotten(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(bundle, "CACHE", tmp_path)
    made = [bundle._made("bundle-x", f"{number}", lambda folder: folder.mkdir()) for number in range(bundle.KEPT + 2)]

    assert [folder.exists() for folder in made] == [False, False, *[True] * bundle.KEPT]


def test_a_file_that_has_another_name_makes_another_bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Handlers are named as text, so a renamed file is a change, even if its content is the same."""
    monkeypatch.setattr(bundle, "SOURCE", tmp_path)
    digests = set()
    for name in ("sweep.py", "sweeper.py"):
        file = tmp_path / name
        file.write_text("handler = None")
        digests.add(bundle._digest([file]))
        file.unlink()

    assert len(digests) == 2


def test_the_locked_wheels_exist_for_the_functions_in_aws() -> None:
    folder, _ = build_bundle(Settings())
    compiled = {path.name for path in folder.rglob("*.so")}

    assert any("cpython-313-aarch64" in name for name in compiled)
    assert not any("x86_64" in name for name in compiled)
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    assert size < 60_000_000
