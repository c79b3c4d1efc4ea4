"""Answers to steps that wait for the end of what they started."""

import json
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from aftertrain.aws.client_errors import busy_unless_known, error_code

MAX_CAUSE = 2000
_GONE = ("TaskDoesNotExist", "TaskTimedOut", "InvalidToken")


def deliver_once(send: Callable[[], Any]) -> bool:
    """Send an answer; False if nobody waits for it any more. Raises: BusyError."""
    with busy_unless_known("answering a task"):
        try:
            send()
        except ClientError as error:
            if error_code(error) not in _GONE:
                raise
            return False
    return True


class StepFunctionsTaskTokens:
    """Port `TaskTokens` of tasks."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def succeed(self, token: str, output: dict[str, Any]) -> None:
        deliver_once(lambda: self._client.send_task_success(taskToken=token, output=json.dumps(output)))

    def fail(self, token: str, error: str, cause: str) -> None:
        deliver_once(lambda: self._client.send_task_failure(taskToken=token, error=error, cause=cause[:MAX_CAUSE]))
