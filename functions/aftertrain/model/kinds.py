"""Declared parameter types -> whether a value is of one.

is_of(0.9, "float")  ->  True
"""

from typing import Any, Literal, get_args

ParameterType = Literal["string", "integer", "float", "boolean", "array", "object"]
_TYPES: dict[str, type | tuple[type, ...]] = dict(
    zip(get_args(ParameterType), (str, int, (int, float), bool, list, dict), strict=True)
)


def is_given(value: Any, kind: str) -> bool:
    """Whether a sender's value is of a type; a trailing `?` also admits null, and 5.0 is a whole number."""
    if value is None and kind.endswith("?"):
        return True
    is_whole = isinstance(value, float) and value.is_integer()
    return is_of(int(value) if is_whole else value, kind.removesuffix("?"))


def is_of(value: Any, kind: str) -> bool:
    """Whether a value is of a parameter's type; an unknown type admits any value."""
    if isinstance(value, bool) and kind != "boolean":
        return False
    return isinstance(value, _TYPES.get(kind, object))
