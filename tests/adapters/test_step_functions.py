"""Starting executions and publishing machines: the meaning of each answer of Step Functions."""

from typing import Any

import pytest
from botocore.exceptions import ConnectTimeoutError
from botocore.stub import Stubber

from aftertrain.aws.machines import StepFunctionsMachines
from aftertrain.aws.starter import StepFunctionsStarter
from aftertrain.compiler.bindings import Bindings
from aftertrain.compiler.compile import compile_pipeline
from aftertrain.errors import BusyError, OperatorError
from aftertrain.ingest.ports import StartRefusedError

PREFIX = "arn:aws:states:us-east-1:123456789012:"
MACHINE = f"{PREFIX}stateMachine:aftertrain-test-p:3"
ROLE = "arn:aws:iam::123456789012:role/machines"


def start(client: Any) -> None:
    StepFunctionsStarter(client).start(MACHINE, "t-1", "{}")


def test_a_start_names_the_version_the_name_and_the_input(aws: Any) -> None:
    client = aws("stepfunctions")
    with Stubber(client) as stub:
        sent = {"stateMachineArn": MACHINE, "name": "t-1", "input": "{}"}
        stub.add_response("start_execution", {"executionArn": f"{PREFIX}execution:m:t-1", "startDate": 0}, sent)
        start(client)
        stub.assert_no_pending_responses()


def test_an_execution_that_exists_is_a_success(aws: Any) -> None:
    client = aws("stepfunctions")
    with Stubber(client) as stub:
        stub.add_client_error("start_execution", "ExecutionAlreadyExists")
        start(client)


@pytest.mark.parametrize(
    "code", ["StateMachineDeleting", "InvalidExecutionInput", "InvalidName", "InvalidArn", "ValidationException"]
)
def test_what_can_never_be_started_is_refused(aws: Any, code: str) -> None:
    client = aws("stepfunctions")
    with Stubber(client) as stub:
        stub.add_client_error("start_execution", code)
        with pytest.raises(StartRefusedError, match=code):
            start(client)


@pytest.mark.parametrize(
    "code",
    [
        "ThrottlingException",
        "ExecutionLimitExceeded",
        "AccessDeniedException",
        "InternalFailure",
        "StateMachineDoesNotExist",
    ],
)
def test_everything_else_may_work_later(aws: Any, code: str) -> None:
    client = aws("stepfunctions")
    with Stubber(client) as stub:
        stub.add_client_error("start_execution", code)
        with pytest.raises(BusyError, match=code):
            start(client)


def test_a_machine_with_too_many_versions_says_what_to_do(aws: Any) -> None:
    client = aws("stepfunctions")
    with Stubber(client) as stub:
        stub.add_client_error("update_state_machine", "ServiceQuotaExceededException", "too many versions")
        machines = StepFunctionsMachines(client, ROLE, "aftertrain-test-", f"{PREFIX}stateMachine:aftertrain-test-")
        with pytest.raises(OperatorError, match=r"too many versions\..* delete-state-machine-version") as caught:
            machines.publish("p", "{}")
    assert not isinstance(caught.value, BusyError)


EXECUTION = f"{PREFIX}execution:aftertrain-test-p:t-1"


def test_an_execution_that_exists_and_is_over_is_told_apart(aws: Any) -> None:
    client = aws("stepfunctions")
    with Stubber(client) as stub:
        stub.add_response("start_execution", {"executionArn": EXECUTION, "startDate": 0})
        stub.add_client_error("start_execution", "ExecutionAlreadyExists")

        assert [StepFunctionsStarter(client).start(MACHINE, "t-1", "{}") for _ in range(2)] == [True, False]


@pytest.mark.parametrize(("status", "running"), [("RUNNING", True), ("SUCCEEDED", False), ("PENDING_REDRIVE", True)])
def test_whether_it_runs_is_asked_by_its_name(aws: Any, status: str, running: bool) -> None:
    client = aws("stepfunctions")
    answer = {"executionArn": EXECUTION, "stateMachineArn": MACHINE, "startDate": 0, "status": status}
    with Stubber(client) as stub:
        stub.add_response("describe_execution", answer, {"executionArn": EXECUTION, "includedData": "METADATA_ONLY"})
        stub.add_client_error("describe_execution", "ExecutionDoesNotExist")

        assert StepFunctionsStarter(client).running(MACHINE, "t-1") is running
        assert StepFunctionsStarter(client).running(MACHINE, "t-1") is None


def test_a_stop_of_what_is_not_there_is_a_success(aws: Any) -> None:
    client = aws("stepfunctions")
    with Stubber(client) as stub:
        sent = {"executionArn": EXECUTION, "error": "Replaced", "cause": "why"}
        stub.add_response("stop_execution", {"stopDate": 0}, sent)
        stub.add_client_error("stop_execution", "ExecutionDoesNotExist")
        stub.add_client_error("stop_execution", "ThrottlingException")
        StepFunctionsStarter(client).stop(MACHINE, "t-1", "why")
        StepFunctionsStarter(client).stop(MACHINE, "t-1", "why")
        with pytest.raises(BusyError):
            StepFunctionsStarter(client).stop(MACHINE, "t-1", "why")


def test_a_connection_that_fails_is_busy() -> None:
    class Dead:
        def start_execution(self, **_: Any) -> None:
            raise ConnectTimeoutError(endpoint_url="x")

    with pytest.raises(BusyError):
        start(Dead())


def test_publishing_creates_and_then_updates_and_makes_activities_once(aws: Any) -> None:
    client = aws("stepfunctions")
    step = {"id": "e", "action": "model_evaluate", "params": {"model_uri": "a", "dataset_uri": "b"}}
    bindings = Bindings(
        "arn:aws:lambda:us-east-1:1:function:f", f"{PREFIX}activity:aftertrain-test-", "s3://artifacts", "latches"
    )
    asl = compile_pipeline({"steps": [step]}, bindings).asl
    machines = StepFunctionsMachines(client, ROLE, "aftertrain-test-", f"{PREFIX}stateMachine:aftertrain-test-")
    with Stubber(client) as stub:
        activity = f"{PREFIX}activity:aftertrain-test-default"
        made = {"activityArn": activity, "creationDate": 0}
        stub.add_response("create_activity", made, {"name": "aftertrain-test-default"})
        stub.add_client_error("update_state_machine", "StateMachineDoesNotExist")
        stub.add_response(
            "create_state_machine",
            {"stateMachineArn": MACHINE[:-2], "creationDate": 0, "stateMachineVersionArn": f"{MACHINE[:-2]}:1"},
            {"name": "aftertrain-test-p", "definition": asl, "roleArn": ROLE, "type": "STANDARD", "publish": True},
        )
        stub.add_client_error("create_activity", "ActivityAlreadyExists")
        stub.add_response(
            "update_state_machine",
            {"updateDate": 0, "stateMachineVersionArn": f"{MACHINE[:-2]}:2"},
            {"stateMachineArn": MACHINE[:-2], "definition": asl, "roleArn": ROLE, "publish": True},
        )
        assert machines.publish("p", asl) == f"{MACHINE[:-2]}:1"
        assert machines.publish("p", asl) == f"{MACHINE[:-2]}:2"
        stub.assert_no_pending_responses()
