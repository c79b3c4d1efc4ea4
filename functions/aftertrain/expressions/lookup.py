"""A dotted path -> the value at it in an event.

    full_path(["model_source"])              # data, model_source: what is no envelope field is a key of data
    full_path(["source"])                    # the envelope's own field; data.source is reached as "data.source"
    lookup(event, ("data", "model_source"))  # the value there

Filters and templates read events by this one rule.
"""

from collections.abc import Sequence
from typing import Any, Final

from aftertrain.model.event import ENVELOPE_FIELDS, Event


class _Missing:
    """The answer where there is no value; JSON's null is a value."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = _Missing()


def full_path(segments: Sequence[str]) -> tuple[str, ...]:
    """`model_name` -> `data, model_name`; a path that starts with an envelope field stays as it is."""
    return tuple(segments) if segments[0] in ENVELOPE_FIELDS else ("data", *segments)


def lookup(event: Event, path: Sequence[str]) -> Any:
    """The value at a full path, or MISSING."""
    value: Any = event.data if path[0] == "data" else event.envelope().get(path[0], MISSING)
    for segment in path[1:]:
        if not isinstance(value, dict) or segment not in value:
            return MISSING
        value = value[segment]
    return value
