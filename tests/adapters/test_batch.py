"""The machine of a job on Batch, on moto: its bucket, its queue, its job, and Step Functions between them."""

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest
from tests.adapters.lives import BATCH, batch_lives
from tests.fakes import FakeMachines, FakeRegistry
from tests.property.concurrent import REGION, interpreter
from tests.services import OUTPUT

from aftertrain.aws.service_jobs import ServiceJobs
from aftertrain.compiler.bindings import PLACEHOLDERS, BatchBinding
from aftertrain.compiler.compile import compile_pipeline
from aftertrain.control.orphaned_jobs import end_jobs
from aftertrain.control.ports import Entry
from aftertrain.model.definition import Compute

KEY = "executions/x/evaluate"
GIVEN: dict[str, Any] = {"event": {"data": {}}, "params": {}, "trigger": {"id": "t"}}
CREDENTIALS = {"region_name": REGION, "aws_access_key_id": "x", "aws_secret_access_key": "x"}


BINDINGS = replace(
    PLACEHOLDERS,
    artifacts_uri="s3://artifacts",
    batch=BatchBinding("q-", "d-", "job"),
    compute=Compute(backend="batch"),
)


def definition() -> dict[str, Any]:
    params = {"model_uri": "s3://m/a", "dataset_uri": "s3://m/b"}
    steps = [{"id": "evaluate", "action": "model_evaluate", "params": params}]
    return {"steps": steps, "outputs": {"got": "{{ steps.evaluate.output }}"}}


def machine() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(compile_pipeline(definition(), BINDINGS).asl)
    return found


@pytest.fixture
def run() -> Iterator[Any]:
    """Run a machine. The bucket has the output that the container would have written."""
    with interpreter(lambda *_: None) as running:
        client = {name: boto3.client(name, **CREDENTIALS) for name in ("batch", "s3", "ec2", "iam")}
        client["s3"].create_bucket(Bucket="artifacts")
        client["s3"].put_object(Bucket="artifacts", Key=f"{KEY}/output.json", Body=json.dumps({"output": OUTPUT}))
        _queue(client)
        yield running


def _queue(client: dict[str, Any]) -> None:
    vpc = client["ec2"].create_vpc(CidrBlock="10.0.0.0/24")["Vpc"]["VpcId"]
    subnet = client["ec2"].create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/25")["Subnet"]["SubnetId"]
    group = client["ec2"].create_security_group(Description="d", GroupName="g", VpcId=vpc)["GroupId"]
    trust = json.dumps({"Statement": []})
    role = client["iam"].create_role(RoleName="r", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    profile = client["iam"].create_instance_profile(InstanceProfileName="r")["InstanceProfile"]["Arn"]
    environment = client["batch"].create_compute_environment(
        computeEnvironmentName="spot",
        type="MANAGED",
        serviceRole=role,
        computeResources={
            "type": "EC2",
            "minvCpus": 0,
            "maxvCpus": 4,
            "instanceTypes": ["optimal"],
            "subnets": [subnet],
            "securityGroupIds": [group],
            "instanceRole": profile,
        },
    )["computeEnvironmentArn"]
    client["batch"].create_job_queue(
        jobQueueName="q-cpu",
        priority=1,
        state="ENABLED",
        computeEnvironmentOrder=[{"order": 1, "computeEnvironment": environment}],
    )
    container = {"image": "i", "vcpus": 1, "memory": 128}
    client["batch"].register_job_definition(jobDefinitionName="job", type="container", containerProperties=container)


def test_a_job_runs_and_its_output_comes_from_the_bucket(run: Any) -> None:
    found = run(machine(), GIVEN)

    assert (found.error, found.output) == (None, {"got": OUTPUT})
    body = boto3.client("s3", **CREDENTIALS).get_object(Bucket="artifacts", Key=f"{KEY}/input.json")["Body"].read()
    assert json.loads(body)["job"] == "model_evaluate"


def test_a_job_that_fails_fails_the_step(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOTO_SIMPLE_BATCH_FAIL_AFTER", "0")
    found = run(machine(), GIVEN)

    assert found.error is not None


def test_what_was_done_before_is_not_done_again(run: Any) -> None:
    """The same execution runs the same step again after its job has succeeded."""
    first, again = run(machine(), GIVEN), run(machine(), GIVEN)
    jobs = boto3.client("batch", **CREDENTIALS).list_jobs(
        jobQueue="q-cpu", filters=[{"name": "JOB_NAME", "values": ["evaluate-*"]}]
    )["jobSummaryList"]

    assert first.output == again.output == {"got": OUTPUT}
    assert [job["status"] for job in jobs] == ["SUCCEEDED"]


def test_a_reclaimed_host_is_another_try_of_batchs_own(run: Any) -> None:
    with batch_lives(["reclaimed", "reclaimed", "succeeds"]) as tries:
        found = run(machine(), GIVEN)

    assert (found.error, list(tries.values())) == (None, [3])


@pytest.mark.parametrize("life", ["fails", "out of memory", "takes too long"])
def test_what_is_the_programs_own_fault_is_tried_once_by_batch_and_fails_the_step(run: Any, life: str) -> None:
    with batch_lives([life]) as tries:
        found = run(machine(), GIVEN)

    assert list(tries.values()) == [1]
    assert BATCH[life][0] in found.cause


def test_a_program_that_says_why_it_failed_is_heard(run: Any) -> None:
    s3 = boto3.client("s3", **CREDENTIALS)

    def program(job: str) -> None:
        left = {"error": "JobError", "cause": "the accuracy is 0.7000, below the gate's 0.8", "job": job}
        s3.put_object(Bucket="artifacts", Key=f"{KEY}/output.json", Body=json.dumps(left))

    with batch_lives(["fails"], program):
        found = run(machine(), GIVEN)

    assert "the accuracy is 0.7000, below the gate's 0.8" in found.cause


def test_a_host_that_is_reclaimed_each_time_fails_the_step(run: Any) -> None:
    with batch_lives(["reclaimed"] * 5) as tries:
        found = run(machine(), GIVEN)

    assert list(tries.values()) == [5]
    assert "Host EC2" in found.cause


def test_an_execution_that_is_stopped_leaves_no_job_behind(run: Any) -> None:
    """The job is found by its name alone, as after a submission whose answer was lost."""
    batch, ended = boto3.client("batch", **CREDENTIALS), []
    made = {("version#p", "00000001"): Entry({"definition": definition()}, 1)}
    execution = {"id": "x", "arn": "arn:x", "status": "aborted", "pipeline_id": "p", "version": 1}

    def stop() -> None:
        while not batch.list_jobs(jobQueue="q-cpu", jobStatus="RUNNING")["jobSummaryList"]:
            time.sleep(0.05)
        given = (
            FakeRegistry(made),
            FakeMachines(),
            BINDINGS,
            ServiceJobs(lambda name: boto3.client(name, **CREDENTIALS)),
        )
        ended.append(end_jobs(execution, *given))
        ended.append(end_jobs(execution | {"status": "succeeded"}, *given))

    with batch_lives(["terminated"]):
        somebody = threading.Thread(target=stop)
        somebody.start()
        found = run(machine(), GIVEN)
        somebody.join()

    assert ended == [1, 0]
    assert "its execution x has aborted" in found.cause
