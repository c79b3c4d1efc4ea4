"""Emit an event."""

from typing import Any

from aftertrain.actions.event_emit import EmitParams
from aftertrain.tasks.emit_event import MAX_DEPTH, build_event
from aftertrain.tasks.ports import StepCall, TaskError, TaskPorts


def run(params: EmitParams, call: StepCall, ports: TaskPorts) -> dict[str, Any]:
    """The event's id, and the executions that it started.

    Raises: TaskError at the end of a chain; BusyError if the event could not be recorded.
    """
    if call.depth >= MAX_DEPTH:
        raise TaskError(f"{call.depth} events led to this one: do pipelines start each other in a cycle?")
    event = build_event(params.event_type, params.subject, params.data, call, ports)
    return {"event_id": event.id, "executions": ports.emit(event)}
