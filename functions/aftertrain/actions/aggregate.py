"""Combine several values into one."""

from typing import Any, Literal

from aftertrain.actions.action import MEDIUM, Action, Outputs, Params

Operation = Literal[
    "list", "sum", "join", "merge", "first", "last", "min", "max", "average", "count", "flatten", "concat"
]


class AggregateParams(Params):
    """The values and the operation."""

    inputs: list[Any]
    """The values to combine."""
    operation: Operation = "list"
    """How to combine them. `join` joins texts, `merge` merges objects, and `concat` is another name for `flatten`."""
    separator: str = ", "
    """The text between joined texts."""


class AggregateOutputs(Outputs):
    """The combined value."""

    result: Any
    """The combined value."""
    count: int
    """The number of inputs."""
    operation: str
    """The operation that was used."""


ACTION = Action("aggregate", AggregateParams, AggregateOutputs, runs="task", timeout_seconds=60, max_bytes=MEDIUM)
