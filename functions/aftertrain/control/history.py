"""Execution history -> one entry per step.

    [{"type": "TaskStateEntered", …}, {"type": "TaskSucceeded", …}, …]
    ->  [{"id": "evaluate", "status": "succeeded", "seconds": 1.4, "output": {…}}, {"id": "deploy", …}]

The state that does a step's work has the step's id as its name; every other state's name contains a blank. An event
belongs to the state entered last on its own chain of `previousEventId`s, because branches interleave. A waiting step
continues in the state `Wait for ID`, and a service's job has states around it that prepare and read it. A step with
`foreach` is a Map, whose output lists how each item went. A step whose condition cannot be decided has no state of its
own: its record, with the reason, leaves the state `If ID` in a variable, or `Cannot decide ID` in its output.
"""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from aftertrain.compiler.lower.guard import UNDECIDED
from aftertrain.control.job_duration import job_duration

_FAILURES = ("Failed", "TimedOut")  # endings of every event type that reports a failed attempt
_STATE_PREFIXES = (
    "Wait for ",
    "Prepare ",
    "Look for ",
    "Mind ",
    "Read ",
)  # prefixes of states that do part of a step's work
_GUARDS = ("If ", "Cannot decide ")
_ATTEMPT_EVENTS = ("TaskScheduled", "ActivityScheduled")
_SUCCESSES = ("TaskSucceeded", "ActivitySucceeded")


@dataclass(slots=True)
class _StepTrace:
    """What the history has shown of one step so far."""

    entered: datetime | None = None
    exited: datetime | None = None
    attempts: int = 0
    job_seconds: float | None = None
    error: dict[str, str] | None = None
    output: Any = None


@dataclass(slots=True)
class _Steps:
    """Reads events in order; `owners` maps an event to the state of its chain, `starts` to its time."""

    seen: dict[str, _StepTrace]
    owners: dict[int, str] = field(default_factory=dict)
    starts: dict[int, datetime] = field(default_factory=dict)

    def read(self, event: dict[str, Any]) -> None:
        kind = event["type"]
        if kind.endswith("StateEntered"):
            self.owners[event["id"]] = event["stateEnteredEventDetails"]["name"]
        else:
            self.owners[event["id"]] = self.owners.get(event.get("previousEventId", 0), "")
        owner = self.owners[event["id"]]
        if kind in ("ChoiceStateExited", "PassStateExited") and owner.startswith(_GUARDS):
            self._read_guard(owner, event)
            return
        name = next((owner.removeprefix(prefix) for prefix in _STATE_PREFIXES if owner.startswith(prefix)), owner)
        step = self.seen.get(name)
        if step is not None:
            _apply_event(step, kind, event, own=owner == name)
            if kind == "ActivityStarted":
                self.starts[event["id"]] = event["timestamp"]
            elif owner == name and kind.endswith((*_FAILURES, *_SUCCESSES)):
                seconds = job_duration(event, details(event), self.starts)
                step.job_seconds = step.job_seconds if seconds is None else (step.job_seconds or 0.0) + seconds

    def _read_guard(self, owner: str, event: dict[str, Any]) -> None:
        """Note a condition that could not be decided: the step has failed without having begun."""
        prefix = next(prefix for prefix in _GUARDS if owner.startswith(prefix))
        step, exited = self.seen.get(owner.removeprefix(prefix)), details(event)
        record = _undecided(exited, owner.removeprefix(prefix))
        if step is not None and record is not None:
            step.entered = step.exited = event["timestamp"]
            step.error = {"error": str(record["error"]), "cause": str(record.get("cause", ""))}


def _undecided(exited: dict[str, Any], step_id: str) -> dict[str, Any] | None:
    """The record of a step whose condition could not be decided, from the state's output or its variables."""
    output = _parse(exited.get("output"))
    variables = map(_parse, (exited.get("assignedVariables") or {}).values())
    own = output.get(step_id) if isinstance(output, dict) else None
    records = (each for each in (own, *variables) if isinstance(each, dict) and each.get("error") == UNDECIDED)
    return next(records, None)


def _parse(text: Any) -> Any:
    return json.loads(text) if isinstance(text, str) and text else None


def steps(ids: list[str], events: list[dict[str, Any]], *, running: bool) -> list[dict[str, Any]]:
    """The steps of a pipeline in definition order; times are RFC 3339, `seconds` is the time between start and end."""
    reader = _Steps({step_id: _StepTrace() for step_id in ids})
    for event in events:
        reader.read(event)
    return [_item(step_id, history, running) for step_id, history in reader.seen.items()]


def _apply_event(step: _StepTrace, kind: str, event: dict[str, Any], *, own: bool) -> None:
    if kind.endswith("StateEntered"):
        step.entered = step.entered or event["timestamp"]
        step.exited = None
        step.attempts += kind == "MapStateEntered"
    elif kind in ("TaskStateExited", "WaitStateExited"):
        step.exited = event["timestamp"]
    elif kind == "MapStateExited":
        step.exited = event["timestamp"]
        _apply_items(step, json.loads(details(event).get("output") or "[]"))
    elif kind in _ATTEMPT_EVENTS:
        step.attempts += own
        step.error = None
    elif kind.endswith(_FAILURES):
        failure = details(event)
        step.error = {"error": failure.get("error", ""), "cause": failure.get("cause", "")}
    elif kind in _SUCCESSES:
        step.output = _output(details(event).get("output"))


def _apply_items(step: _StepTrace, items: Any) -> None:
    """Record the output of a Map: each item's output or failure; its catcher returns records instead."""
    if not isinstance(items, list):
        return
    failed = [item["failed"] for item in items if "failed" in item]
    step.output = [item.get("output") for item in items]
    if failed:
        step.error = {"error": failed[0]["error"], "cause": failed[0]["cause"]}


def details(event: dict[str, Any]) -> dict[str, Any]:
    """The details of an event, which stand in a field named after its type."""
    return next((value for name, value in event.items() if name.endswith("EventDetails")), {})


def _output(text: str | None) -> Any:
    """A step's output, without the wrapping that the service adds."""
    value = json.loads(text) if text else None
    if isinstance(value, dict) and "Body" in value:
        return json.loads(value["Body"]).get("output")
    if isinstance(value, dict) and "ExecutionArn" in value:
        return {"outputs": value.get("Output"), "execution": value["ExecutionArn"]}
    return value["Payload"] if isinstance(value, dict) and "Payload" in value else value


def _item(step_id: str, history: _StepTrace, running: bool) -> dict[str, Any]:
    status = _status(history, running)
    end = history.exited
    return {
        "id": step_id,
        "status": status,
        "attempts": history.attempts,
        "started_at": history.entered.isoformat() if history.entered else None,
        "stopped_at": end.isoformat() if end else None,
        "seconds": round((end - history.entered).total_seconds(), 3) if end and history.entered else None,
        "job_seconds": history.job_seconds,
        "output": history.output if status == "succeeded" else None,
        **(history.error if status == "failed" and history.error else {}),
    }


def _status(history: _StepTrace, running: bool) -> str:
    if history.entered is None:
        return "pending" if running else "skipped"
    if history.exited is None:
        return "running" if running else "failed" if history.error else "aborted"
    return "failed" if history.error else "succeeded"
