"""A step's news -> an event for the triggers of this stage.

The id is made of the execution, the step and the type, so a retry emits the same event. Each event counts the events
that led to it; too long a chain ends, because pipelines that start each other in a cycle would never stop.
"""

from datetime import UTC, datetime
from typing import Any

from aftertrain.model.authority import PIPELINES
from aftertrain.model.event import Event
from aftertrain.model.names import digest
from aftertrain.tasks.ports import StepCall, TaskPorts

MAX_DEPTH = 8


def build_event(
    event_type: str, subject: str, data: dict[str, Any], call: StepCall, ports: TaskPorts, *parts: str
) -> Event:
    """The event; `parts` distinguish several events of one step."""
    return Event(
        type=event_type,
        id=digest(call.execution, call.step, str(call.item), *parts),
        source=PIPELINES.id,
        time=datetime.fromtimestamp(ports.clock(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        subject=subject,
        data=data,
        depth=call.depth + 1,
    )


def emit_event(event_type: str, subject: str, data: dict[str, Any], call: StepCall, ports: TaskPorts) -> None:
    """Emit an event about something that has happened. At the end of a chain it is dropped, and the log says so.

    Raises: BusyError if the event could not be recorded.
    """
    if call.depth >= MAX_DEPTH:
        ports.log("warning", f"{event_type} of {subject} is not sent: {call.depth} events led to it", {})
        return
    ports.emit(build_event(event_type, subject, data, call, ports, event_type))
