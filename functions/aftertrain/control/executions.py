"""Executions: which ones ran, which run, and how each step went.

Lists are read from the ledger, which follows the status changes that Step Functions publishes. Only the view of a
single execution asks Step Functions itself, for the history from which the steps are read.
"""

import json
from datetime import UTC, datetime
from typing import Any, Literal

from aftertrain.control.cost import total, with_cost
from aftertrain.control.history import details, steps
from aftertrain.control.ports import ControlPorts, Item, LedgerView, Machines
from aftertrain.control.time_range import until
from aftertrain.errors import ConflictError, NotFoundError

Status = Literal["running", "succeeded", "failed", "timed_out", "aborted"]
STATES: dict[str, Status] = {
    "RUNNING": "running",
    "SUCCEEDED": "succeeded",
    "FAILED": "failed",
    "TIMED_OUT": "timed_out",
    "ABORTED": "aborted",
    "PENDING_REDRIVE": "running",
}
_WELL = ("running", "succeeded")  # `on_failure` steps are shown once they have begun, or where they should have
_ENDS = {
    "ExecutionSucceeded": "succeeded",
    "ExecutionFailed": "failed",
    "ExecutionTimedOut": "timed_out",
    "ExecutionAborted": "aborted",
}


def get(execution_id: str, ports: ControlPorts) -> Item:
    """One execution with its steps and their cost in GPU hours and dollars.

    Raises: NotFoundError if no such execution is known.
    """
    item = ports.runs.execution(execution_id)
    if item is None:
        raise NotFoundError(f"there is no execution {execution_id!r}", field="execution_id")
    events = ports.machines.history(item["arn"])
    item = _apply_history_end(item, events, ports)
    definition = _definition(item, ports)
    ids = [step["id"] for step in definition.get("steps", ())]
    cleanup = [step["id"] for step in definition.get("on_failure", ())]
    found = steps([*ids, *cleanup], events, running=item["status"] == "running")
    shown = [step for step in found if step["id"] in ids or step["started_at"] or item["status"] not in _WELL]
    step_items = with_cost(shown, definition, ports)
    for step in step_items:
        step["progress"] = _progress(execution_id, step, ports)
    return item | {"steps": step_items} | total(step_items)


def list_all(
    pipeline_id: str | None, status: str | None, before: float | None, limit: int, ports: ControlPorts
) -> list[Item]:
    """The newest executions that began until then, without their steps."""
    return ports.runs.executions(pipeline_id, status, until(before), limit)


def stop(execution_id: str, cause: str, ports: ControlPorts) -> Item:
    """Stop a running execution and its jobs.

    Raises: NotFoundError, ConflictError if it has ended.
    """
    item = get(execution_id, ports)
    if item["status"] != "running":
        raise ConflictError(f"the execution {execution_id!r} has already ended: {item['status']}")
    ports.machines.stop(item["arn"], cause)
    return {"id": execution_id, "status": "aborted"}


def record_change(detail: dict[str, Any], runs: LedgerView, machines: Machines) -> Item | None:
    """Record a "Step Functions Execution Status Change"; executions that no pipeline of ours started are ignored.

    Format: docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
    """
    # EventBridge leaves out an input that exceeds the size of its events.
    execution_input = json.loads(detail.get("input") or machines.input(detail["executionArn"]))
    if not isinstance(execution_input, dict) or "pipeline" not in execution_input:
        return None
    event = execution_input["event"]
    item = {
        "id": detail["name"],
        "arn": detail["executionArn"],
        "status": STATES.get(detail["status"], detail["status"].lower()),
        "pipeline_id": execution_input["pipeline"]["id"],
        "version": execution_input["pipeline"]["version"],
        "trigger_id": execution_input["trigger"]["id"],
        "slot": execution_input["trigger"].get("slot"),
        "event": {name: event[name] for name in ("event_type", "event_id", "source", "subject")},
        "started_at": _time(detail["startDate"]),
        "stopped_at": _time(detail.get("stopDate")),
        "error": detail.get("error"),
        "cause": detail.get("cause"),
        "redrives": detail.get("redriveCount") or 0,
    }
    runs.update(item)
    return item


def _apply_history_end(item: Item, events: list[dict[str, Any]], ports: ControlPorts) -> Item:
    """The execution with the end that its history shows; status changes can get lost."""
    last: dict[str, Any] = events[-1] if events else {"type": ""}
    status = _ENDS.get(last["type"])
    if item["status"] != "running" or status is None:
        return item
    ended = {"status": status, "stopped_at": last["timestamp"].isoformat()}
    updated = item | ended | {name: details(last).get(name) for name in ("error", "cause")}
    ports.runs.update(updated)
    return updated


def _progress(execution_id: str, step: Item, ports: ControlPorts) -> Item | None:
    """The progress that a running job reported; jobs of `foreach` items are not added up."""
    if step["status"] != "running":
        return None
    return ports.progress(f"{ports.bindings.artifacts_uri}/executions/{execution_id}/{step['id']}")


def _definition(item: Item, ports: ControlPorts) -> dict[str, Any]:
    version = ports.registry.get(f"version#{item['pipeline_id']}", f"{item['version']:08}")
    return version.item["definition"] if version else {}


def _time(milliseconds: int | None) -> str | None:
    return None if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat()
