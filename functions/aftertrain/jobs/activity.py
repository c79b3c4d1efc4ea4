"""A Step Functions activity as a worker sees it: take a task, send heartbeats, answer.

AWS answers a heartbeat with TaskTimedOut or TaskDoesNotExist if the task was stopped or timed out. That is how a worker
learns that nobody waits for its job any more.
"""

import json
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

POLL_SECONDS = 60  # GetActivityTask returns after this time if there is no task
MAX_CAUSE = 32_000
_GONE = ("TaskTimedOut", "TaskDoesNotExist", "InvalidToken")
_REFUSED = ("InvalidOutput",)


class TaskGoneError(Exception):
    """Nobody waits for this task any more."""


class UnreachableError(Exception):
    """Step Functions did not answer; try again later."""


class AnswerRefusedError(Exception):
    """Step Functions will never accept this answer."""


@dataclass(frozen=True, slots=True)
class ActivityTask:
    """A task: the token for its answer, and the job's input."""

    token: str
    input: dict[str, Any]


class Activity:
    """One activity, found by its name."""

    def __init__(self, arn: str, worker: str) -> None:
        self._arn, self._worker = arn, worker
        # Repeating a call is better than waiting long for one.
        self._polling = self._build_client(connect_timeout=10, read_timeout=POLL_SECONDS + 10, total_max_attempts=3)
        self._client = self._build_client(connect_timeout=3, read_timeout=7, total_max_attempts=1)

    def _build_client(self, *, connect_timeout: int, read_timeout: int, total_max_attempts: int) -> Any:
        retries: Any = {"mode": "standard", "total_max_attempts": total_max_attempts}
        config = Config(connect_timeout=connect_timeout, read_timeout=read_timeout, retries=retries)
        return boto3.client("stepfunctions", region_name=self._arn.split(":")[3], config=config)

    def take(self) -> ActivityTask | None:
        """Wait up to a minute for a task. Raises: UnreachableError."""
        response = self._call("get_activity_task", self._polling, activityArn=self._arn, workerName=self._worker)
        return ActivityTask(response["taskToken"], json.loads(response["input"])) if response.get("taskToken") else None

    def heartbeat(self, task: ActivityTask) -> None:
        """Report that the job is alive. Raises: TaskGoneError, UnreachableError."""
        self._call("send_task_heartbeat", taskToken=task.token)

    def succeed(self, task: ActivityTask, output: dict[str, Any]) -> None:
        """Hand in the output. Raises: TaskGoneError, UnreachableError."""
        try:
            self._call("send_task_success", taskToken=task.token, output=json.dumps(output, ensure_ascii=False))
        except AnswerRefusedError as error:
            self.fail(task, "OutputRefused", str(error))

    def fail(self, task: ActivityTask, error: str, cause: str) -> None:
        """Report that the job failed. Raises: TaskGoneError, UnreachableError."""
        self._call("send_task_failure", taskToken=task.token, error=error, cause=cause[:MAX_CAUSE])

    def _call(self, operation: str, client: Any = None, **arguments: str) -> dict[str, Any]:
        try:
            response: dict[str, Any] = getattr(client or self._client, operation)(**arguments)
        except ClientError as error:
            if error.response["Error"]["Code"] in _GONE:
                raise TaskGoneError(str(error)) from None
            if error.response["Error"]["Code"] in _REFUSED:
                raise AnswerRefusedError(str(error)) from None
            raise UnreachableError(str(error)) from None
        except BotoCoreError as error:
            raise UnreachableError(str(error)) from None
        return response
