"""The machine of a job on SageMaker, on moto: processing jobs, and training jobs for spot capacity."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest
from moto.core import DEFAULT_ACCOUNT_ID as ACCOUNT
from moto.sagemaker.models import sagemaker_backends
from tests.adapters.lives import SAGEMAKER, sagemaker_lives
from tests.property.concurrent import interpreter
from tests.services import OUTPUT

from aftertrain.aws.service_jobs import ServiceJobs
from aftertrain.compiler.bindings import PLACEHOLDERS, SageMakerBinding
from aftertrain.compiler.compile import compile_pipeline
from aftertrain.compiler.jobs.job_context import name_prefix
from aftertrain.control.orphaned_jobs import JobPrefix
from aftertrain.model.definition import Compute

KEY = "executions/x/evaluate"
GIVEN: dict[str, Any] = {"event": {"data": {}}, "params": {}, "trigger": {"id": "t"}}
CREDENTIALS = {"region_name": "us-east-1", "aws_access_key_id": "x", "aws_secret_access_key": "x"}


def machine(*, spot: bool = False, **step: Any) -> dict[str, Any]:
    params = {"model_uri": "s3://m/a", "dataset_uri": "s3://m/b"}
    steps = [{"id": "evaluate", "action": "model_evaluate", "params": params, **step}]
    place = SageMakerBinding(role="arn:aws:iam::123456789012:role/r", image="REPOSITORY/jobs:1")
    bindings = replace(
        PLACEHOLDERS,
        artifacts_uri="s3://artifacts",
        sagemaker=place,
        compute=Compute(backend="sagemaker", spot=spot),
    )
    source = {"steps": steps, "outputs": {"got": "{{ steps.evaluate.output }}"}}
    found: dict[str, Any] = json.loads(compile_pipeline(source, bindings).asl)
    return found


@pytest.fixture
def run() -> Iterator[Any]:
    """Run a machine. The bucket has the output that the container would have written."""
    with interpreter(lambda *_: None) as running:
        s3 = boto3.client("s3", **CREDENTIALS)
        s3.create_bucket(Bucket="artifacts")
        s3.put_object(Bucket="artifacts", Key=f"{KEY}/output.json", Body=json.dumps({"output": OUTPUT}))
        yield running


@pytest.mark.parametrize("spot", [False, True])
def test_a_job_runs_and_its_output_comes_from_the_bucket(run: Any, spot: bool) -> None:
    with sagemaker_lives(["succeeds"]) as made:
        found = run(machine(spot=spot), GIVEN)

    assert (found.error, found.output) == (None, {"got": OUTPUT})
    (name,) = made
    client = boto3.client("sagemaker", **CREDENTIALS)
    if spot:
        assert client.describe_training_job(TrainingJobName=name)["EnableManagedSpotTraining"] is True
    else:
        job = client.describe_processing_job(ProcessingJobName=name)
        assert job["NetworkConfig"]["EnableNetworkIsolation"] is True


@pytest.mark.parametrize("spot", [False, True])
@pytest.mark.parametrize("life", ["fails", "takes too long", "terminated"])
def test_a_job_that_does_not_end_well_fails_the_step(run: Any, life: str, spot: bool) -> None:
    with sagemaker_lives([life]):
        found = run(machine(spot=spot), GIVEN)

    assert SAGEMAKER[life][0] in found.cause


def test_spot_capacity_that_does_not_come_fails_the_step(run: Any) -> None:
    with sagemaker_lives(["reclaimed for good"]):
        found = run(machine(spot=True), GIVEN)

    assert "MaxWaitTimeExceeded" in found.cause


def test_what_was_done_before_is_not_done_again(run: Any) -> None:
    """The same execution runs the same step again after its job has succeeded."""
    with sagemaker_lives(["succeeds"]) as made:
        first, again = run(machine(), GIVEN), run(machine(), GIVEN)

    assert first.output == again.output == {"got": OUTPUT}
    assert len(made) == 1


@pytest.mark.parametrize("kind", ["processing", "training"])
def test_a_job_that_nobody_waits_for_is_stopped(run: Any, kind: str) -> None:
    with sagemaker_lives(["succeeds"]) as made:
        run(machine(spot=kind == "training"), GIVEN)
        (name,) = made
        job = getattr(sagemaker_backends[ACCOUNT]["us-east-1"], f"{kind}_jobs")[name]
        setattr(job, f"{kind}_job_status", "InProgress")
        jobs = ServiceJobs(lambda service: boto3.client(service, **CREDENTIALS))
        ended = [jobs.end(JobPrefix("sagemaker", "", name_prefix(each, "evaluate")), "why") for each in ("y", "x")]

    assert ended == [0, 1]
    assert getattr(job, f"{kind}_job_status") in ("Stopping", "Stopped")
