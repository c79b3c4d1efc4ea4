"""Event + the schema registered for its type -> why its data does not fit, if it does not.

    find_schema_mistake(event, {"required": ["run_id"]})  ->  SenderError("data must contain ['run_id'] …")

Schemas are JSON Schema (draft 7) without keywords that cost time or reach out: no `pattern`, whose regular expressions
can explode, no `format`, and no `$ref`, which can loop or point elsewhere.
"""

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from aftertrain.errors import AuthorError, SenderError
from aftertrain.model.event import Event
from aftertrain.model.names import canonical_json

MAX_BYTES = 16 * 1024
_REFUSED = ("pattern", "patternProperties", "format", "$id", "id", "$ref")


def check_schema(schema: dict[str, Any]) -> None:
    """Check that a schema can be used. Raises: AuthorError"""
    text = canonical_json(schema)
    if len(text.encode()) > MAX_BYTES:
        raise AuthorError(f"the schema has more than {MAX_BYTES} bytes", field="schema")
    for keyword, value in _keywords(schema):
        if keyword in _REFUSED:
            raise AuthorError(f"the schema uses {keyword!r}, which is not supported", field="schema")
        if keyword == "multipleOf" and not (isinstance(value, int | float) and value > 0):
            raise AuthorError("multipleOf must be a number above 0", field="schema")
    _compile_validator(text)


def find_schema_mistake(event: Event, schema: dict[str, Any]) -> SenderError | None:
    """The fault in the event's data; None if it fits."""
    from fastjsonschema import JsonSchemaValueException  # loaded only when a schema is registered

    try:
        _compile_validator(canonical_json(schema))(event.data)
    except JsonSchemaValueException as error:
        return SenderError(f"{event.type}: {error.message}"[:300], field=str(error.name))
    except (ArithmeticError, RecursionError):
        return SenderError(f"{event.type}: the data cannot be checked against its schema", field="data")
    return None


@lru_cache(maxsize=256)
def _compile_validator(text: str) -> Callable[[Any], Any]:
    import json

    import fastjsonschema

    try:
        validator: Callable[[Any], Any] = fastjsonschema.compile(json.loads(text), use_default=False)
    except (fastjsonschema.JsonSchemaDefinitionException, AttributeError, TypeError, ValueError) as error:
        raise AuthorError(f"this is not a JSON Schema: {error}", field="schema") from None
    return validator


def _keywords(schema: Any, named: bool = False) -> Iterator[tuple[str, Any]]:
    """Every keyword with its value; below `properties` and the like, keys are field names."""
    if isinstance(schema, list):
        for item in schema:
            yield from _keywords(item)
    elif isinstance(schema, dict):
        for key, value in schema.items():
            if not named:
                yield key, value
            if key not in ("enum", "const", "default", "examples") or named:
                yield from _keywords(value, named=not named and key in ("properties", "definitions", "$defs"))
