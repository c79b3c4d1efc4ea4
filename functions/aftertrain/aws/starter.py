"""Starts executions.

`ExecutionAlreadyExists` is a success: the name identifies the event and the trigger, so the existing execution is the
right one. Lasting refusals are told apart from temporary ones. A missing machine counts as temporary: a version
published a moment ago may not be known everywhere yet, and an event given up too early is lost.
"""

from typing import Any

from botocore.exceptions import ClientError

from aftertrain.aws.client_errors import busy_unless_known, error_code
from aftertrain.ingest.ports import StartRefusedError

_PERMANENT = (
    "StateMachineDeleting",
    "InvalidArn",
    "InvalidExecutionInput",
    "InvalidName",
    "ValidationException",
)


class StepFunctionsStarter:
    """Port `Starter` of ingest."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def start(self, machine_arn: str, name: str, input_json: str) -> bool:
        with busy_unless_known(f"starting {name}"):
            try:
                self._client.start_execution(stateMachineArn=machine_arn, name=name, input=input_json)
            except ClientError as error:
                if error_code(error) in _PERMANENT:
                    raise StartRefusedError(
                        f"{error_code(error)}: {error.response['Error'].get('Message', '')}"
                    ) from None
                if error_code(error) != "ExecutionAlreadyExists":
                    raise
                return False  # it has ended, or has another input; the same input is no error
        return True

    def stop(self, machine_arn: str, name: str, why: str) -> None:
        with busy_unless_known(f"stopping {name}"):
            try:
                self._client.stop_execution(executionArn=_execution_arn(machine_arn, name), error="Replaced", cause=why)
            except ClientError as error:
                if error_code(error) != "ExecutionDoesNotExist":
                    raise

    def running(self, machine_arn: str, name: str) -> bool | None:
        with busy_unless_known(f"looking for {name}"):
            try:
                response = self._client.describe_execution(
                    executionArn=_execution_arn(machine_arn, name), includedData="METADATA_ONLY"
                )
            except ClientError as error:
                if error_code(error) == "ExecutionDoesNotExist":
                    return None
                raise
        return bool(response["status"] in ("RUNNING", "PENDING_REDRIVE"))


def _execution_arn(machine_arn: str, name: str) -> str:
    """The execution's ARN: its machine's, without the version."""
    parts = machine_arn.split(":")
    return ":".join([*parts[:5], "execution", parts[6], name])
