"""Combine several values into one.

{"inputs": [1, 2, 3], "operation": "average"}  ->  {"result": 2.0, "count": 3, "operation": "average"}
"""

import math
from collections.abc import Callable
from typing import Any

from aftertrain.actions.aggregate import AggregateParams
from aftertrain.tasks.ports import StepCall, TaskError, TaskPorts
from aftertrain.tasks.values import flattened, in_order, kind


def run(params: AggregateParams, call: StepCall, ports: TaskPorts) -> dict[str, Any]:  # noqa: ARG001 - all tasks are called alike
    """The combined value.

    Raises: TaskError if there are no inputs to combine, or their types do not fit.
    """
    result = params.separator.join(map(_text, params.inputs)) if params.operation == "join" else _combine(params)
    return {"result": result, "count": len(params.inputs), "operation": params.operation}


def _combine(params: AggregateParams) -> Any:
    return _OPERATIONS[params.operation](params.inputs)


def _numbers(values: list[Any]) -> list[Any]:
    if any(kind(value) != "number" for value in values):
        raise TaskError("only numbers can be added up")
    return values


def _nonempty(values: list[Any]) -> list[Any]:
    if not values:
        raise TaskError("there are no inputs")
    return values


def _merge(values: list[Any]) -> dict[str, Any]:
    if any(kind(value) != "object" for value in values):
        raise TaskError("only objects can be merged")
    return {name: item for value in values for name, item in value.items()}


def _text(value: Any) -> str:
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        raise TaskError(f"only texts and numbers can be joined, not {kind(value)}")
    return str(value)


_OPERATIONS: dict[str, Callable[[list[Any]], Any]] = {
    "list": list,
    "sum": lambda values: (
        math.fsum(_numbers(values)) if any(isinstance(v, float) for v in values) else sum(_numbers(values))
    ),
    "merge": _merge,
    "first": lambda values: _nonempty(values)[0],
    "last": lambda values: _nonempty(values)[-1],
    "min": lambda values: in_order(_nonempty(values))[0],
    "max": lambda values: in_order(_nonempty(values))[-1],
    "average": lambda values: math.fsum(_numbers(_nonempty(values))) / len(values),
    "count": len,
    "flatten": flattened,
    "concat": flattened,
}
