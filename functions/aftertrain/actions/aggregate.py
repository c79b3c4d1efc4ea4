"""Make one value of several."""

from typing import Any, Literal

from aftertrain.actions.action import MEDIUM, Action, Outputs, Params

Operation = Literal[
    "list", "sum", "join", "merge", "first", "last", "min", "max", "average", "count", "flatten", "concat"
]


class AggregateParams(Params):
    """`separator` stands between texts that are joined. `concat` is `flatten`."""

    inputs: list[Any]
    operation: Operation = "list"
    separator: str = ", "


class AggregateOutputs(Outputs):
    """`count`: how many inputs there were."""

    result: Any
    count: int
    operation: str


ACTION = Action("aggregate", AggregateParams, AggregateOutputs, runs="task", timeout_seconds=60, max_bytes=MEDIUM)
