"""Transform a value.

{"input": ["b", "a"], "operation": "sort"}  ->  {"result": ["a", "b"], "operation": "sort", …}
"""

from collections.abc import Callable
from typing import Any

from aftertrain.actions.transform import TransformParams
from aftertrain.tasks.ports import StepCall, TaskError, TaskPorts
from aftertrain.tasks.values import distinct, flattened, in_order, kind

_OPERATIONS: dict[str, tuple[tuple[str, ...], Callable[[Any], Any]]] = {
    "uppercase": (("string",), str.upper),
    "lowercase": (("string",), str.lower),
    "keys": (("object",), list),
    "values": (("object",), lambda value: list(value.values())),
    "count": (("array", "object", "string"), len),
    "flatten": (("array",), flattened),
    "unique": (("array",), distinct),
    "sort": (("array",), in_order),
    "reverse": (("array", "string"), lambda value: value[::-1]),
}


def run(params: TransformParams, call: StepCall, ports: TaskPorts) -> dict[str, Any]:  # noqa: ARG001 - all tasks are called alike
    """The transformed value.

    Raises: TaskError if the operation does not accept such a value.
    """
    result = params.input
    if params.operation != "passthrough":
        takes, change = _OPERATIONS[params.operation]
        if kind(params.input) not in takes:
            raise TaskError(f"{params.operation} takes {' or '.join(takes)}, not {kind(params.input)}")
        result = change(params.input)
    return {
        "result": result,
        "operation": params.operation,
        "input_type": kind(params.input),
        "output_type": kind(result),
    }
