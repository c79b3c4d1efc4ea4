"""State machines, one per pipeline, and the activities at which their jobs wait.

Every publish makes an immutable version; executions are started by the version's ARN.
"""

import re
from typing import Any

from botocore.exceptions import ClientError

from aftertrain.aws.client_errors import busy_unless_known, error_code
from aftertrain.aws.job_definitions import BatchDefinitions
from aftertrain.compiler.jobs.batch import IMAGE_TAG
from aftertrain.errors import OperatorError

_ACTIVITY = re.compile(r'"arn:aws[a-z-]*:states:[^:"]*:[^:"]*:activity:([^:"]+)"')
_IMAGE = re.compile(rf'"{IMAGE_TAG}":"([^"]+)"')

FULL = (
    "Step Functions keeps 1,000 versions of a machine. Delete old ones that no execution and no other pipeline uses: "
    "aws stepfunctions delete-state-machine-version"
)


class StepFunctionsMachines:
    """Port `Machines` of control."""

    def __init__(
        self,
        client: Any,
        role_arn: str,
        name_prefix: str,
        machine_arn_prefix: str,
        definitions: BatchDefinitions | None = None,
    ) -> None:
        self._client, self._role, self._definitions = client, role_arn, definitions
        self._name_prefix, self._arn_prefix = name_prefix, machine_arn_prefix

    def publish(self, pipeline_id: str, asl: str) -> str:
        name = f"{self._name_prefix}{pipeline_id}"
        self._create_activities(asl)
        if self._definitions is not None:
            for image in sorted(set(_IMAGE.findall(asl))):
                self._definitions.ensure(image)
        with busy_unless_known(f"publishing {name}"):
            try:
                response = self._update_machine(pipeline_id, asl) or self._client.create_state_machine(
                    name=name, definition=asl, roleArn=self._role, type="STANDARD", publish=True
                )
            except ClientError as error:
                if error_code(error) != "ServiceQuotaExceededException":
                    raise
                raise OperatorError(
                    f"{name} cannot be published: {error.response['Error']['Message']}. {FULL}"
                ) from None
        arn: str = response["stateMachineVersionArn"]
        return arn

    def _update_machine(self, pipeline_id: str, asl: str) -> dict[str, Any] | None:
        """The next version of a machine; None if the machine does not exist yet."""
        try:
            response: dict[str, Any] = self._client.update_state_machine(
                stateMachineArn=f"{self._arn_prefix}{pipeline_id}", definition=asl, roleArn=self._role, publish=True
            )
        except ClientError as error:
            if error_code(error) != "StateMachineDoesNotExist":
                raise
            return None
        return response

    def _create_activities(self, asl: str) -> None:
        """Create the activities that a machine uses; without one it fails, and creating one again is harmless."""
        for activity in sorted(set(_ACTIVITY.findall(asl))):
            with busy_unless_known(f"creating the activity {activity}"):
                try:
                    self._client.create_activity(name=activity)
                except ClientError as error:
                    if error_code(error) != "ActivityAlreadyExists":
                        raise

    def input(self, execution_arn: str) -> str:
        with busy_unless_known("reading an execution's input"):
            text: str = self._client.describe_execution(executionArn=execution_arn)["input"]
        return text

    def running(self, execution_arn: str) -> bool:
        with busy_unless_known("looking at an execution"):
            status: str = self._client.describe_execution(executionArn=execution_arn)["status"]
        return status == "RUNNING"

    def stop(self, execution_arn: str, cause: str) -> None:
        with busy_unless_known("stopping an execution"):
            self._client.stop_execution(executionArn=execution_arn, error="Stopped", cause=cause)

    def history(self, execution_arn: str) -> list[dict[str, Any]]:
        with busy_unless_known("reading an execution's history"):
            pages = self._client.get_paginator("get_execution_history").paginate(
                executionArn=execution_arn, includeExecutionData=True, PaginationConfig={"PageSize": 1000}
            )
            return [event for page in pages for event in page["events"]]
