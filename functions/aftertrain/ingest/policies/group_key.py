"""Event + key -> the text that identifies one policy state.

group_key(event, Key(("subject",), r"^runs/([^/]+)/"))  ->  '["r7"]' for runs/r7/model.safetensors
"""

from functools import lru_cache
from typing import Any

import re2

from aftertrain.expressions.lookup import MISSING, full_path, lookup
from aftertrain.model.event import Event
from aftertrain.model.names import canonical_json
from aftertrain.model.policy import Key

OBJECT = Key(("source", "data.bucket", "subject"))


def group_key(event: Event, key: Key | None) -> str:
    """One text for all events that belong together; without a key, all events do. A missing field is null."""
    if key is None:
        return ""
    values = [_value(event, path) for path in key.paths]
    if key.pattern is None:
        return canonical_json(values)
    return canonical_json([capture(key.pattern, value) for value in values])


def _value(event: Event, path: str) -> Any:
    value = lookup(event, full_path(path.split(".")))
    return None if value is MISSING else value


def capture(pattern: str, value: Any) -> Any:
    """The pattern's groups in a text; the whole value if the pattern does not match."""
    match = compile_pattern(pattern).search(value) if isinstance(value, str) else None
    return value if match is None else list(match.groups()) or match.group(0)


@lru_cache(maxsize=1024)
def compile_pattern(pattern: str) -> Any:
    """An RE2 pattern, which runs in linear time. It was checked when the trigger was created."""
    return re2.compile(pattern)
