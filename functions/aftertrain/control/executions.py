"""Executions: what ran, what runs, and how each step went.

The list is a projection of the status changes that Step Functions publishes; only a look at one execution asks Step
Functions itself, for the history that the steps are read from.
"""

import json
from datetime import UTC, datetime
from typing import Any

from aftertrain.control.history import steps
from aftertrain.control.ports import Item, Ports, Runs
from aftertrain.errors import NotFoundError

STATES = {
    "RUNNING": "running",
    "SUCCEEDED": "succeeded",
    "FAILED": "failed",
    "TIMED_OUT": "timed_out",
    "ABORTED": "aborted",
    "PENDING_REDRIVE": "running",
}


def get(execution_id: str, ports: Ports) -> Item:
    """One execution with its steps.

    Raises: NotFoundError if no such execution is known.
    """
    item = ports.runs.execution(execution_id)
    if item is None:
        raise NotFoundError(f"there is no execution {execution_id!r}", field="execution_id")
    events = ports.machines.history(item["arn"])
    return item | {"steps": steps(_step_ids(item, ports), events, running=item["status"] == "running")}


def list_all(pipeline_id: str | None, limit: int, ports: Ports) -> list[Item]:
    """The newest executions, without their steps."""
    return ports.runs.executions(pipeline_id, limit)


def changed(detail: dict[str, Any], runs: Runs) -> Item | None:
    """Take in a "Step Functions Execution Status Change"; an execution that no pipeline of ours started is left out.

    Format: docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
    """
    given = json.loads(detail.get("input") or "{}")
    if not isinstance(given, dict) or "pipeline" not in given:
        return None
    event = given["event"]
    item = {
        "id": detail["name"],
        "arn": detail["executionArn"],
        "status": STATES.get(detail["status"], detail["status"].lower()),
        "pipeline_id": given["pipeline"]["id"],
        "version": given["pipeline"]["version"],
        "trigger_id": given["trigger"]["id"],
        "event": {name: event[name] for name in ("event_type", "event_id", "source", "subject")},
        "started_at": _time(detail["startDate"]),
        "stopped_at": _time(detail.get("stopDate")),
        "error": detail.get("error"),
        "cause": detail.get("cause"),
        "redrives": detail.get("redriveCount") or 0,
        "expires_from": detail["startDate"] / 1000,
    }
    runs.update(item)
    return item


def _step_ids(item: Item, ports: Ports) -> list[str]:
    version = ports.registry.get(f"version#{item['pipeline_id']}", f"{item['version']:08}")
    return [step["id"] for step in version.item["definition"]["steps"]] if version else []


def _time(milliseconds: int | None) -> str | None:
    return None if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat()
