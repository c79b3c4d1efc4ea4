"""Emit an event for the triggers of this stage."""

from typing import Any

from pydantic import Field

from aftertrain.actions.action import Action, Outputs, Params
from aftertrain.model.event import EVENT_TYPE


class EmitParams(Params):
    """The event."""

    event_type: str = Field(pattern=f"^{EVENT_TYPE}$")
    """Its type, any dotted name."""
    subject: str = ""
    """What the event is about."""
    data: dict[str, Any] = Field(default_factory=dict)
    """Its data, which templates read as `event.FIELD`."""


class EmitOutputs(Outputs):
    """What the event started."""

    event_id: str
    """The event's id."""
    executions: list[str]
    """The ids of the executions that it started."""


ACTION = Action("event_emit", EmitParams, EmitOutputs, runs="task", timeout_seconds=60, passes=("depth",))
