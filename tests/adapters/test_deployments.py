"""The other ports of deployments: records, alarms, answers, and the progress of jobs."""

import json
from typing import Any

import pytest
from botocore.stub import Stubber
from tests.adapters.conftest import REGISTRY

from aftertrain.aws.alarms import CloudWatchAlarms
from aftertrain.aws.approvals import StepFunctionsApprovalAnswers
from aftertrain.aws.deployments import DynamoDeployments
from aftertrain.aws.job_progress import S3Progress
from aftertrain.aws.registry import DynamoRegistry
from aftertrain.aws.task_tokens import StepFunctionsTaskTokens
from aftertrain.control.ports import Change, ExecutionGoneError
from aftertrain.errors import BusyError, ConflictError, OperatorError


@pytest.fixture
def deployments(dynamodb: Any) -> DynamoDeployments:
    registry = DynamoRegistry(dynamodb, REGISTRY)
    registry.commit([Change("cluster", "prod", {"id": "prod", "kind": "oip"}, 0)])
    return DynamoDeployments(registry)


def test_clusters_and_their_deployments(deployments: DynamoDeployments) -> None:
    deployments.put("prod", "digits", {"id": "digits", "status": "rolling"}, 0)
    deployments.put("prod", "digits", {"id": "digits", "status": "healthy"}, 1)
    stored = deployments.get("prod", "digits")

    assert (deployments.clusters(), deployments.cluster("other")) == (["prod"], None)
    assert [each["status"] for each in deployments.on("prod")] == ["healthy"]
    assert stored is not None
    assert stored.revision == 2
    with pytest.raises(ConflictError):
        deployments.put("prod", "digits", {}, 1)


def test_who_has_a_resource_is_who_claimed_it_last(deployments: DynamoDeployments) -> None:
    assert deployments.claimed("arn:service") is None
    deployments.claim("arn:service", "prod", "digits")
    deployments.claim("arn:service", "prod", "digits")
    assert deployments.claimed("arn:service") == ("prod", "digits")
    deployments.claim("arn:service", "prod", "letters")

    assert deployments.claimed("arn:service") == ("prod", "letters")


def test_the_health_of_a_cluster_is_remembered(deployments: DynamoDeployments) -> None:
    assert deployments.health("prod") == ""
    for status in ("healthy", "degraded"):
        deployments.note_health("prod", status)
        assert deployments.health("prod") == status


def test_the_first_alarm_that_is_on_is_told_with_its_reason(aws: Any) -> None:
    client = aws("cloudwatch")
    for name in ("p99", "errors"):
        client.put_metric_alarm(
            AlarmName=name, ComparisonOperator="LessThanThreshold", EvaluationPeriods=1, Threshold=1
        )
        client.set_alarm_state(AlarmName=name, StateValue="OK", StateReason="fine")
    alarms = CloudWatchAlarms(client)
    assert alarms(("p99", "errors")) is None
    client.set_alarm_state(AlarmName="errors", StateValue="ALARM", StateReason="9 % of the answers")

    assert alarms(("p99", "errors")) == "alarm 'errors' is on: 9 % of the answers"
    assert alarms(("p99",)) is None
    with pytest.raises(OperatorError, match="the alarm 'p50' does not exist"):
        alarms(("p99", "p50"))


@pytest.mark.parametrize("code", ["TaskTimedOut", "TaskDoesNotExist", "InvalidToken"])
def test_who_does_not_wait_any_more_needs_no_answer_and_a_person_is_told_so(aws: Any, code: str) -> None:
    client = aws("stepfunctions")
    with Stubber(client) as stubber:
        for name in ("send_task_success", "send_task_failure", "send_task_success"):
            stubber.add_client_error(name, code)
        StepFunctionsTaskTokens(client).succeed("t", {"status": "healthy"})
        StepFunctionsTaskTokens(client).fail("t", "DeploymentFailedError", "why")
        with pytest.raises(ExecutionGoneError):
            StepFunctionsApprovalAnswers(client).approve("t", {})


def test_an_answer_that_did_not_go_through_is_told_again(aws: Any) -> None:
    client = aws("stepfunctions")
    with Stubber(client) as stubber:
        stubber.add_client_error("send_task_success", "ThrottlingException")
        with pytest.raises(BusyError):
            StepFunctionsTaskTokens(client).succeed("t", {})
        stubber.add_response("send_task_success", {}, {"taskToken": "t", "output": '{"a": 1}'})
        StepFunctionsTaskTokens(client).succeed("t", {"a": 1})
        stubber.assert_no_pending_responses()


@pytest.mark.parametrize(("said", "found"), [({"done": 0.4}, {"done": 0.4}), (None, None), ("{", None), ("[]", None)])
def test_how_far_a_job_is_lies_below_its_output(aws: Any, said: Any, found: Any) -> None:
    client = aws("s3")
    client.create_bucket(Bucket="artifacts")
    if said is not None:
        body = said if isinstance(said, str) else json.dumps(said)
        client.put_object(Bucket="artifacts", Key="executions/e/s/progress.json", Body=body)

    assert S3Progress(client)("s3://artifacts/executions/e/s") == found
