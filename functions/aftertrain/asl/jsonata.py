"""JSONata texts, built from parts so that no value can be read as code.

field("$states.input", "model-name")  ->  $lookup($states.input, "model-name")
string('say "hi" {% %}')              ->  "say \"hi\" {\u0025 \u0025}"
"""

import json
from collections.abc import Mapping
from json.encoder import encode_basestring

_RESERVED = {"and", "or", "in", "true", "false", "null", "function"}

INPUT = "$states.context.Execution.Input"
EXECUTION_NAME = "$states.context.Execution.Name"


def expression(code: str) -> str:
    """A field value that is evaluated."""
    return f"{{% {code} %}}"


def string(text: str) -> str:
    """A string literal; the delimiters of code in field values are escaped."""
    return encode_basestring(text).replace("%", "\\u0025")


def literal(value: str | int | float | bool | None) -> str:
    """A literal of any scalar type."""
    return string(value) if isinstance(value, str) else json.dumps(value)


def field(base: str, name: str) -> str:
    """A field of an object, whatever characters its name has."""
    if name.isidentifier() and name.isascii() and name not in _RESERVED:
        return f"{base}.{name}"
    return f"$lookup({base}, {string(name)})"


def path(base: str, names: tuple[str, ...]) -> str:
    """A nested field of an object."""
    for name in names:
        base = field(base, name)
    return base


def record(fields: Mapping[str, str]) -> str:
    """An object whose values are code."""
    return "{" + ", ".join(f"{string(name)}: {code}" for name, code in fields.items()) + "}"
