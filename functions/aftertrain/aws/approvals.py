"""Approvals: their storage, and the way an answer reaches the waiting task."""

import json
from collections.abc import Callable
from typing import Any

from aftertrain.aws.registry import DynamoRegistry
from aftertrain.aws.task_tokens import MAX_CAUSE, deliver_once
from aftertrain.control.ports import Change, ExecutionGoneError


class RegistryApprovals:
    """Port `ApprovalStore` of tasks."""

    def __init__(self, registry: DynamoRegistry) -> None:
        self._registry = registry

    def put(self, approval_id: str, item: dict[str, Any]) -> None:
        entry = self._registry.get("approval", approval_id)
        self._registry.commit([Change("approval", approval_id, item, entry.revision if entry else 0)])


class StepFunctionsApprovalAnswers:
    """Port `ApprovalAnswers` of control."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def approve(self, token: str, output: dict[str, Any]) -> None:
        self._send(lambda: self._client.send_task_success(taskToken=token, output=json.dumps(output)))

    def reject(self, token: str, cause: str) -> None:
        self._send(
            lambda: self._client.send_task_failure(taskToken=token, error="ApprovalRejected", cause=cause[:MAX_CAUSE])
        )

    def _send(self, send: Callable[[], Any]) -> None:
        if not deliver_once(send):
            raise ExecutionGoneError("the step has stopped waiting for this answer")
