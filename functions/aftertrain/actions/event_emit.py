"""Let an event happen, for the triggers of this stage."""

from typing import Any

from pydantic import Field

from aftertrain.actions.action import Action, Outputs, Params
from aftertrain.model.event import EVENT_TYPE


class EmitParams(Params):
    """An event of any dotted type; `data` is what templates read as `event.FIELD`."""

    event_type: str = Field(pattern=f"^{EVENT_TYPE}$")
    subject: str = ""
    data: dict[str, Any] = Field(default_factory=dict)


class EmitOutputs(Outputs):
    """`executions`: the ids of those that it started."""

    event_id: str
    executions: list[str]


ACTION = Action("event_emit", EmitParams, EmitOutputs, runs="task", timeout_seconds=60, passes=("depth",))
