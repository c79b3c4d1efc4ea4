"""Let an event happen.

The id is made of the execution and the step, so that a retry is the same event. Each event knows how many others led to
it; a chain that is too long is refused, for pipelines that start each other in a circle would never end.
"""

from datetime import UTC, datetime
from typing import Any

from aftertrain.actions.event_emit import EmitParams
from aftertrain.model.event import Event
from aftertrain.model.names import digest
from aftertrain.tasks.ports import Call, Ports, TaskError

MAX_DEPTH = 8
SOURCE = "pipelines"


def run(params: EmitParams, call: Call, ports: Ports) -> dict[str, Any]:
    """The event's id, and what it started.

    Raises: TaskError at the end of a chain; BusyError if the event could not be recorded.
    """
    if call.depth >= MAX_DEPTH:
        raise TaskError(f"{call.depth} events led to this one: do pipelines start each other in a circle?")
    event = Event(
        type=params.event_type,
        id=digest(call.execution, call.step, str(call.item)),
        source=SOURCE,
        time=datetime.fromtimestamp(ports.clock(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        subject=params.subject,
        data=params.data,
        depth=call.depth + 1,
    )
    return {"event_id": event.id, "executions": ports.emit(event)}
