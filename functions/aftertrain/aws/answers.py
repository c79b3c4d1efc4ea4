"""Answers to steps that wait for the end of what they have begun."""

import json
from typing import Any

from botocore.exceptions import ClientError

from aftertrain.aws.faults import busy_unless_known, code

GONE = ("TaskDoesNotExist", "TaskTimedOut", "InvalidToken")
MAX_CAUSE = 2000


class TaskAnswers:
    """Port `Answers` of tasks."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def succeed(self, token: str, output: dict[str, Any]) -> None:
        self._send(lambda: self._client.send_task_success(taskToken=token, output=json.dumps(output)))

    def fail(self, token: str, error: str, cause: str) -> None:
        self._send(lambda: self._client.send_task_failure(taskToken=token, error=error, cause=cause[:MAX_CAUSE]))

    def _send(self, call: Any) -> None:
        with busy_unless_known("answering a task"):
            try:
                call()
            except ClientError as error:
                if code(error) not in GONE:
                    raise
