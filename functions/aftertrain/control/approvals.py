"""Approvals: questions that a step asks a person, each answered once.

The waiting task gets the answer first, and only then the answer is stored. The other order could store an answer that
the task never gets, and the execution would wait forever. If two people answer at once, the task takes the first.
"""

import hmac
from collections.abc import Callable

from aftertrain.control.ports import ApprovalAnswers, Change, Entry, ExecutionGoneError, Item, LedgerView, Registry
from aftertrain.control.require import require, retry_stale
from aftertrain.errors import ConflictError, NotFoundError
from aftertrain.model.source import secret_hash

_SECRET_FIELDS = ("token", "key_hash")


def list_pending(registry: Registry, runs: LedgerView) -> list[Item]:
    """The open questions of executions that still run."""
    pending = [item for item in registry.items("approval") if item["status"] == "pending"]
    return [_without_secrets(item) for item in pending if not _is_over(runs.execution(item["execution"]))]


def _is_over(execution: Item | None) -> bool:
    """Whether an execution has ended; an unknown one has just begun."""
    return execution is not None and execution["status"] != "running"


def get(approval_id: str, registry: Registry) -> Item:
    """One question. Raises: NotFoundError."""
    return _without_secrets(require(registry, "approval", approval_id).item)


def get_by_key(approval_id: str, key: str, registry: Registry) -> Item:
    """One question, for a holder of its link. Raises: NotFoundError if the link is not ours."""
    entry = registry.get("approval", approval_id)
    if entry is None or not hmac.compare_digest(entry.item["key_hash"], secret_hash(key.encode())):
        raise NotFoundError("the link is incomplete: open it as it was sent", field="key")
    return _without_secrets(entry.item)


def decide(
    approval_id: str,
    *,
    approve: bool,
    by: str,
    comment: str,
    now: str,
    registry: Registry,
    answers: ApprovalAnswers,
    pause: Callable[[int], None],
) -> Item:
    """Answer a question.

    Raises: NotFoundError, ConflictError if it was answered before or its task has stopped waiting.
    """
    entry = require(registry, "approval", approval_id)
    if entry.item["status"] != "pending":
        raise ConflictError(f"this question is already {entry.item['status']}", field="approval_id")
    decision: Item = {"approved": approve, "answered": True, "by": by, "comment": comment, "decided_at": now}
    try:
        if approve:
            answers.approve(entry.item["token"], decision)
        else:
            answers.reject(entry.item["token"], f"rejected by {by or 'somebody'}: {comment}")
    except ExecutionGoneError:
        _record_decision(approval_id, "expired", {}, registry, pause)
        raise
    status = "approved" if approve else "rejected"
    return _without_secrets(_record_decision(approval_id, status, decision, registry, pause))


def _record_decision(
    approval_id: str, status: str, decision: Item, registry: Registry, pause: Callable[[int], None]
) -> Item:
    def change() -> Item:
        entry: Entry = require(registry, "approval", approval_id)
        # Somebody whose answer came too late may write before the person whose answer was taken.
        if entry.item["status"] != "pending" and not (entry.item["status"] == "expired" and decision):
            return entry.item
        item = entry.item | {"status": status, "decision": decision}
        registry.commit([Change("approval", approval_id, item, entry.revision)])
        return item

    return retry_stale(change, pause)


def _without_secrets(item: Item) -> Item:
    return {name: value for name, value in item.items() if name not in _SECRET_FIELDS}
