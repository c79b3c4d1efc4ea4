"""What a step did -> an event for the triggers of this stage.

The id is made of the execution, the step and the type, so that a retry is the same event. Each event knows how many
others led to it; a chain that is too long ends, for pipelines that start each other in a circle would never end.
"""

from datetime import UTC, datetime
from typing import Any

from aftertrain.model.event import Event
from aftertrain.model.names import digest
from aftertrain.tasks.ports import StepCall, TaskPorts

MAX_DEPTH = 8
SOURCE = "pipelines"


def build_event(
    event_type: str, subject: str, data: dict[str, Any], call: StepCall, ports: TaskPorts, *parts: str
) -> Event:
    """The event; `more` tells several of one step apart."""
    return Event(
        type=event_type,
        id=digest(call.execution, call.step, str(call.item), *parts),
        source=SOURCE,
        time=datetime.fromtimestamp(ports.clock(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        subject=subject,
        data=data,
        depth=call.depth + 1,
    )


def emit_event(event_type: str, subject: str, data: dict[str, Any], call: StepCall, ports: TaskPorts) -> None:
    """Let others know; at the end of a chain nobody is told, for what was done is done.

    Raises: BusyError if the event could not be recorded.
    """
    if call.depth >= MAX_DEPTH:
        ports.log("warning", f"{event_type} of {subject} is not sent: {call.depth} events led to it", {})
        return
    ports.emit(build_event(event_type, subject, data, call, ports, event_type))
