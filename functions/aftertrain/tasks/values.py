"""JSON values for `transform` and `aggregate`; true is not 1 here, because JSON tells them apart."""

import json
from typing import Any

from aftertrain.tasks.ports import TaskError


def kind(value: Any) -> str:
    """JSON's name of a value's type."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"


def flattened(values: list[Any]) -> list[Any]:
    """The list with one level of arrays removed."""
    return [item for value in values for item in (value if isinstance(value, list) else [value])]


def distinct(values: list[Any]) -> list[Any]:
    """Each value once, at its first position."""
    unique: dict[str, Any] = {}
    for value in values:
        number = int(value) if isinstance(value, float) and value.is_integer() else value
        unique.setdefault(json.dumps(number, sort_keys=True), value)
    return list(unique.values())


def in_order(values: list[Any]) -> list[Any]:
    """Numbers by size, or texts by their characters. Raises: TaskError for anything else."""
    kinds = {kind(value) for value in values}
    if len(kinds) > 1 or not kinds <= {"number", "string"}:
        raise TaskError(f"only numbers or texts have an order, not {' and '.join(sorted(kinds))}")
    return sorted(values)
