"""A job in its container and at the user's desk: from input to output, by the real storage over moto."""

import json
import sys
from pathlib import Path
from typing import Any

import boto3
import numpy as np
import pytest
from click.testing import CliRunner
from moto import mock_aws
from safetensors.numpy import save_file
from tests.unit.jobs.conftest import FolderBucket

from aftertrain.cli.main import cli
from aftertrain.jobs import container, run
from aftertrain.jobs.contract import JobError, JobInput
from aftertrain.jobs.program import program
from aftertrain.jobs.storage import _client, fetch

FOLDER = "s3://artifacts/executions/e/evaluate"
PROGRAM = "import json,os; d=json.load(open(os.environ['AFTERTRAIN_INPUT'])); {}"
WRITES = "json.dump({'twice': d['n'] * 2}, open(os.environ['AFTERTRAIN_OUTPUT'], 'w'))"


@pytest.fixture(autouse=True)
def account(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    for name in ("AWS_ENDPOINT_URL", "AFTERTRAIN_MOUNTS", "AFTERTRAIN_BUCKETS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AFTERTRAIN_MOUNTS", "[]")
    with mock_aws():
        s3 = boto3.client("s3")
        for name in ("artifacts", "models"):
            s3.create_bucket(Bucket=name)
        yield s3


def told(**params: Any) -> dict[str, Any]:
    return {"job": "job_run", "step": "s", "execution": "e", "params": params, "output_uri": FOLDER}


def answer(s3: Any) -> Any:
    return json.loads(s3.get_object(Bucket="artifacts", Key="executions/e/evaluate/output.json")["Body"].read())


def put(s3: Any, given: dict[str, Any]) -> None:
    s3.put_object(Bucket="artifacts", Key="executions/e/evaluate/input.json", Body=json.dumps(given))


def test_input_and_output_lie_in_the_bucket(account: Any) -> None:
    put(account, told(command=[sys.executable, "-c", PROGRAM.format(WRITES)], data={"n": 21}))

    assert container.main(["--folder", FOLDER]) == 0
    assert answer(account) == {"output": {"result": {"twice": 42}}}


def test_how_far_a_program_is_lies_beside_its_output(account: Any) -> None:
    says = "json.dump({'done': 0.5}, open(os.environ['AFTERTRAIN_PROGRESS'], 'w'))"
    put(account, told(command=[sys.executable, "-c", PROGRAM.format(says)], data={}))

    assert container.main(["--folder", FOLDER]) == 0
    found = account.get_object(Bucket="artifacts", Key="executions/e/evaluate/progress.json")["Body"].read()
    assert json.loads(found) == {"done": 0.5}


def test_a_failure_is_written_and_said(
    account: Any, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_BATCH_JOB_ID", "job-1")
    put(account, told(command=[sys.executable, "-c", "raise SystemExit(3)"]))

    assert container.main(["--folder", FOLDER]) == 1
    assert "ended with code 3" in answer(account)["cause"]
    assert answer(account)["job"] == "job-1"
    assert "ended with code 3" in capfd.readouterr().err


def test_what_nobody_has_foreseen_is_an_error_by_its_own_name(
    account: Any, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(job: JobInput, folder: Path) -> dict[str, Any]:
        raise RuntimeError("CUDA out of memory")

    monkeypatch.setattr(run, "find", lambda name: broken)
    put(account, told())

    assert container.main(["--folder", FOLDER]) == 1
    assert answer(account) == {"error": "RuntimeError", "cause": "CUDA out of memory", "job": None}
    assert "in broken" in capfd.readouterr().err


@pytest.mark.parametrize("most", [{}, {"max_bytes": 32_768}])
def test_an_output_that_is_larger_than_its_machine_counts_with_is_an_error(account: Any, most: dict[str, Any]) -> None:
    """A state with a larger input ends the whole execution, and nothing can catch that."""
    writes = f"json.dump('x' * {most.get('max_bytes', 98_304)}, open(os.environ['AFTERTRAIN_OUTPUT'], 'w'))"
    put(account, told(command=[sys.executable, "-c", PROGRAM.format(writes)], data={}) | most)

    assert container.main(["--folder", FOLDER]) == 1
    assert answer(account)["error"] == "OutputTooLarge"


@pytest.mark.parametrize("number", ["float('nan')", "float('inf')"])
def test_a_number_that_json_does_not_have_is_an_error(account: Any, number: str) -> None:
    writes = f"json.dump({{'loss': {number}}}, open(os.environ['AFTERTRAIN_OUTPUT'], 'w'))"
    put(account, told(command=[sys.executable, "-c", PROGRAM.format(writes)], data={}))

    assert container.main(["--folder", FOLDER]) == 1
    assert "which JSON does not have" in answer(account)["cause"]


def test_without_input_it_says_so(capfd: pytest.CaptureFixture[str]) -> None:
    assert container.main(["--folder", FOLDER]) == 1
    assert "input.json cannot be read" in capfd.readouterr().err


def test_a_container_without_network_works_on_what_was_brought_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on SageMaker: every file is in a folder, and nothing else can be reached."""
    monkeypatch.delenv("AFTERTRAIN_MOUNTS")
    model, data, written = (tmp_path / name for name in ("model", "data", "written"))
    for folder in (model, data):
        folder.mkdir()
    save_file(
        {"layers.0.weight": np.eye(2, dtype=np.float32), "layers.0.bias": np.zeros(2, np.float32)},
        model / "model.safetensors",
    )
    (model / "config.json").write_text('{"architecture": "mlp"}')
    examples = {"inputs": np.array([[2, 1], [1, 2]], np.float32), "labels": np.array([0, 1])}
    save_file(examples, data / "holdout.safetensors")
    given = {
        "job": "model_convert",
        "step": "convert",
        "execution": "e",
        "params": {"model_uri": "s3://far/final/model.safetensors", "sample_uri": "s3://away/holdout.safetensors"},
        "output_uri": FOLDER,
        "mounts": [
            {"uri": "s3://far/final/", "path": str(model)},
            {"uri": "s3://away/", "path": str(data)},
            {"uri": f"{FOLDER}/", "path": str(written)},
        ],
    }
    (tmp_path / "input.json").write_text(json.dumps(given))
    monkeypatch.setenv("AFTERTRAIN_INPUT", str(tmp_path / "input.json"))
    monkeypatch.setenv("AFTERTRAIN_OUTPUT", str(written / "output.json"))

    assert container.main([]) == 0
    output = json.loads((written / "output.json").read_text())["output"]
    assert output["model_uri"] == f"{FOLDER}/model.onnx"
    assert (written / "model.onnx").stat().st_size == output["size_bytes"]


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["/nowhere/x"], "cannot be started"),
        (
            [sys.executable, "-c", PROGRAM.format("open(os.environ['AFTERTRAIN_OUTPUT'],'w').write('{')")],
            "wrote no JSON",
        ),
    ],
)
def test_what_a_program_does_wrong_is_named(command: list[str], words: str, tmp_path: Path) -> None:
    with pytest.raises(JobError, match=words):
        program(JobInput("job_run", "s", "e", {"command": command}, FOLDER), tmp_path)


def test_a_program_that_writes_nothing_has_no_result(tmp_path: Path) -> None:
    assert program(JobInput("job_run", "s", "e", {"command": ["true"]}, FOLDER), tmp_path) == {"result": None}


def test_credentials_of_another_store_come_from_a_secret(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    secret = json.dumps({"access_key_id": "tid_x", "secret_access_key": "tsec_x"})
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    boto3.client("secretsmanager").create_secret(Name="tigris", SecretString=secret)
    place = {"endpoint": "https://t3.storage.dev", "region": "auto", "secret": "tigris"}
    monkeypatch.setenv("AFTERTRAIN_BUCKETS", json.dumps({"w": place, "x": place | {"secret": "none"}}))

    assert _client("w")._request_signer._credentials.access_key == "tid_x"
    with pytest.raises(JobError, match="the credentials of x cannot be read"):
        fetch("s3://x/y", tmp_path)


@pytest.mark.parametrize(
    ("makes", "why"),
    [
        ("os.mkfifo(path)", "made no file"),
        ("os.symlink('/etc/hostname', path)", "made no file"),
        ("os.mkdir(path)", "made no file"),
        ("open(path, 'w').write('[' * 200_000)", "nested too deeply"),
        ("open(path, 'wb').write(b'\\xff')", "wrote no JSON"),
        ("open(path, 'wb').truncate(20_000_000)", "wrote more than"),
    ],
)
def test_a_result_that_is_no_file_of_json_is_a_job_error(tmp_path: Path, makes: str, why: str) -> None:
    code = f"import os; path = os.environ['AFTERTRAIN_OUTPUT']; {makes}"
    job = JobInput("job_run", "s", "e", {"command": [sys.executable, "-c", code]}, FOLDER)

    with pytest.raises(JobError, match=why):
        program(job, tmp_path)


def test_an_argument_that_no_program_can_have_is_a_job_error(tmp_path: Path) -> None:
    with pytest.raises(JobError, match="cannot be started"):
        program(JobInput("job_run", "s", "e", {"command": ["true", "a\0b"]}, FOLDER), tmp_path)


@pytest.mark.usefixtures("bucket")
def test_a_job_runs_at_ones_desk(tmp_path: Path) -> None:
    params = {"model_uri": "s3://models/final/model.safetensors", "dataset_uri": "s3://models/data.safetensors"}
    (tmp_path / "params.json").write_text(json.dumps(params))
    ran = CliRunner().invoke(cli, ["job", "run", "model_evaluate", "--input", str(tmp_path / "params.json")])

    assert (ran.exit_code, json.loads(ran.output)["output"]["accuracy"]) == (0, 0.75)


def test_a_job_that_is_not_there_is_named(tmp_path: Path, bucket: FolderBucket) -> None:  # its files
    (tmp_path / "params.json").write_text("{}")
    ran = CliRunner().invoke(cli, ["job", "run", "model_train", "--input", str(tmp_path / "params.json")])

    assert ran.exit_code == 1
    assert "unknown job 'model_train'" in ran.output
