"""Change a value: its case, its order, what of it is kept."""

from typing import Any, Literal

from aftertrain.actions.action import MEDIUM, Action, Outputs, Params

Operation = Literal[
    "passthrough", "uppercase", "lowercase", "keys", "values", "count", "flatten", "unique", "sort", "reverse"
]


class TransformParams(Params):
    """`input`: any value. What an operation cannot take fails the step."""

    input: Any = None
    operation: Operation = "passthrough"


class TransformOutputs(Outputs):
    """The types are JSON's names: string, number, boolean, null, array, object."""

    result: Any
    operation: str
    input_type: str
    output_type: str


ACTION = Action("transform", TransformParams, TransformOutputs, runs="task", timeout_seconds=60, max_bytes=MEDIUM)
