"""Name values, for later steps and for people who look at the execution."""

from collections.abc import Mapping
from typing import Any

from pydantic import ConfigDict, Field

from aftertrain.actions.action import MEDIUM, Action, Outputs, Params
from aftertrain.expressions.shapes import ANYTHING, Shape


class SetOutputParams(Params):
    """The values."""

    outputs: dict[str, Any] = Field(min_length=1)
    """Names and values; a value may contain templates."""


class SetOutputOutputs(Outputs):
    """The fields that the step names."""

    model_config = ConfigDict(extra="allow", frozen=True)


def _shape(params: Mapping[str, Shape]) -> Shape:
    return params.get("outputs", ANYTHING)


ACTION = Action(
    "set_output", SetOutputParams, SetOutputOutputs, runs="task", timeout_seconds=60, shape=_shape, max_bytes=MEDIUM
)
