"""The types that a pipeline declares its parameters to be of -> which values are of them.

is_of(0.9, "float")  ->  True
"""

from typing import Any, Literal, get_args

ParameterType = Literal["string", "integer", "float", "boolean", "array", "object"]
_TYPES: dict[str, type | tuple[type, ...]] = dict(
    zip(get_args(ParameterType), (str, int, (int, float), bool, list, dict), strict=True)
)


def is_given(value: Any, kind: str) -> bool:
    """Whether what a sender gives is of a type; one that ends in `?` takes null as well, and 5.0 is a whole number."""
    if value is None and kind.endswith("?"):
        return True
    is_whole = isinstance(value, float) and value.is_integer()
    return is_of(int(value) if is_whole else value, kind.removesuffix("?"))


def is_of(value: Any, kind: str) -> bool:
    """Whether a value is of a parameter's type; a kind that nobody knows is that of any value."""
    if isinstance(value, bool) and kind != "boolean":
        return False
    return isinstance(value, _TYPES.get(kind, object))
