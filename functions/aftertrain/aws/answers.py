"""Answers to steps that wait for the end of what they have begun."""

import json
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from aftertrain.aws.faults import busy_unless_known, code

MAX_CAUSE = 2000
_GONE = ("TaskDoesNotExist", "TaskTimedOut", "InvalidToken")


def heard(answer: Callable[[], Any]) -> bool:
    """Send an answer; False if nobody waits for it any more. Raises: BusyError."""
    with busy_unless_known("answering a task"):
        try:
            answer()
        except ClientError as error:
            if code(error) not in _GONE:
                raise
            return False
    return True


class TaskAnswers:
    """Port `Answers` of tasks."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def succeed(self, token: str, output: dict[str, Any]) -> None:
        heard(lambda: self._client.send_task_success(taskToken=token, output=json.dumps(output)))

    def fail(self, token: str, error: str, cause: str) -> None:
        heard(lambda: self._client.send_task_failure(taskToken=token, error=error, cause=cause[:MAX_CAUSE]))
