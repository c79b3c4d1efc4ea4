"""Transform a value."""

from typing import Any, Literal

from aftertrain.actions.action import MEDIUM, Action, Outputs, Params

Operation = Literal[
    "passthrough", "uppercase", "lowercase", "keys", "values", "count", "flatten", "unique", "sort", "reverse"
]


class TransformParams(Params):
    """The value and the operation."""

    input: Any = None
    """Any value. The step fails if the operation does not accept it."""
    operation: Operation = "passthrough"
    """What to do with it."""


class TransformOutputs(Outputs):
    """The transformed value. Types have JSON's names: string, number, boolean, null, array, object."""

    result: Any
    """The transformed value."""
    operation: str
    """The operation that was used."""
    input_type: str
    """The type of the input."""
    output_type: str
    """The type of the result."""


ACTION = Action("transform", TransformParams, TransformOutputs, runs="task", timeout_seconds=60, max_bytes=MEDIUM)
