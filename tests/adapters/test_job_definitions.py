"""Job definitions for users' own images, on moto."""

from typing import Any

import pytest

from aftertrain.aws.job_definitions import BatchDefinitions
from aftertrain.aws.machines import StepFunctionsMachines
from aftertrain.compiler.bindings import PLACEHOLDERS
from aftertrain.compiler.compile import compile_pipeline
from aftertrain.compiler.jobs.batch import definition_name
from aftertrain.errors import OperatorError

OWN = "arn:aws:batch:us-east-1:123456789012:job-definition/aftertrain-t-job"


@pytest.fixture
def batch(aws: Any) -> Any:
    client = aws("batch")
    container = {"image": "own", "vcpus": 1, "memory": 128, "jobRoleArn": "arn:aws:iam::1:role/r"}
    client.register_job_definition(
        jobDefinitionName="aftertrain-t-job", type="container", containerProperties=container
    )
    return client


def named(client: Any, image: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.describe_job_definitions(
        jobDefinitionName=f"aftertrain-t-{definition_name(image)}"
    )["jobDefinitions"]
    return found


def test_a_definition_is_made_once_after_the_stages_own(batch: Any) -> None:
    definitions = BatchDefinitions(batch, "aftertrain-t-", OWN)
    definitions.ensure("team/eval:3")
    definitions.ensure("team/eval:3")
    (made,) = named(batch, "team/eval:3")

    assert made["containerProperties"]["image"] == "team/eval:3"
    assert made["containerProperties"]["jobRoleArn"] == "arn:aws:iam::1:role/r"


def test_the_newest_revision_of_the_stages_own_counts(batch: Any) -> None:
    for role in ("second", "third"):
        container = {"image": "own", "vcpus": 1, "memory": 128, "jobRoleArn": role}
        batch.register_job_definition(
            jobDefinitionName="aftertrain-t-job", type="container", containerProperties=container
        )
    definitions = BatchDefinitions(batch, "aftertrain-t-", OWN)
    definitions.ensure("team/eval:3")
    definitions.ensure("team/eval:3")

    assert [each["containerProperties"]["jobRoleArn"] for each in named(batch, "team/eval:3")] == ["third"]


def test_without_the_stages_own_it_says_so(aws: Any) -> None:
    with pytest.raises(OperatorError, match="does not exist: deploy the stack again"):
        BatchDefinitions(aws("batch"), "aftertrain-t-", OWN).ensure("x")


def test_publishing_a_pipeline_makes_what_its_images_need(aws: Any, batch: Any) -> None:
    compute = {"backend": "batch", "image": "team/eval:3"}
    step = {"id": "e", "action": "job_run", "params": {"command": ["x"]}, "compute": compute}
    asl = compile_pipeline({"steps": [step]}, PLACEHOLDERS).asl
    role = "arn:aws:iam::123456789012:role/r"
    prefix = "arn:aws:states:us-east-1:123456789012:stateMachine:aftertrain-t-"
    definitions = BatchDefinitions(batch, "aftertrain-t-", OWN)
    StepFunctionsMachines(aws("stepfunctions"), role, "aftertrain-t-", prefix, definitions).publish("p", asl)

    assert len(named(batch, "team/eval:3")) == 1
    assert definition_name("team/eval:3") in asl
