"""Give values names, for later steps and for people who look at the execution."""

from collections.abc import Mapping
from typing import Any

from pydantic import ConfigDict, Field

from aftertrain.actions.action import MEDIUM, Action, Outputs, Params
from aftertrain.expressions.shapes import ANYTHING, Shape


class SetOutputParams(Params):
    """`outputs`: names and values; a value may be a template or hold some."""

    outputs: dict[str, Any] = Field(min_length=1)


class SetOutputOutputs(Outputs):
    """Whatever the step names."""

    model_config = ConfigDict(extra="allow", frozen=True)


def _shape(params: Mapping[str, Shape]) -> Shape:
    return params.get("outputs", ANYTHING)


ACTION = Action(
    "set_output", SetOutputParams, SetOutputOutputs, runs="task", timeout_seconds=60, shape=_shape, max_bytes=MEDIUM
)
