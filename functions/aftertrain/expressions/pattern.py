"""JSON filter -> predicate over events.

    {"model_source": "hugging_face", "auto_deploy": true}   # every entry must equal the event's value

Keys are paths as in `fields`. Equality is JSON's, not Python's: `true` and `1` differ, `1` and `1.0` are one number,
`"1"` is a string, and a missing field equals nothing, not even null.
"""

import json
from dataclasses import dataclass
from typing import Any

from aftertrain.errors import AuthorError
from aftertrain.expressions.fields import MISSING, lookup
from aftertrain.model.event import Event

Scalar = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Pattern:
    """Every path must hold its value."""

    entries: tuple[tuple[str, Scalar], ...]

    def failure(self, event: Event) -> str | None:
        """Why the event does not pass, in words; None if it passes."""
        for path, wanted in self.entries:
            found = lookup(event, path)
            if found is MISSING:
                return f"the event has no {path}"
            if not same(found, wanted):
                return f"{path} is {_shown(found)}, not {_shown(wanted)}"
        return None


def compile_pattern(text: dict[str, Any]) -> Pattern:
    """Check a JSON filter and make it ready to run.

    Raises:
        AuthorError: a key is not a dotted path, or a value is not a string, number, boolean or null.
    """
    for path, wanted in text.items():
        if not path or any(not segment for segment in path.split(".")):
            raise AuthorError(f"filter: {path!r} is not a path such as data.model_source", field="filter")
        if not isinstance(wanted, Scalar):
            raise AuthorError(
                f"filter: the value of {path!r} must be a string, a number, true, false or null",
                field=f"filter.{path}",
            )
    return Pattern(tuple(text.items()))


def same(found: Any, wanted: Scalar) -> bool:
    """Whether two JSON values are equal, with booleans apart from numbers."""
    if isinstance(found, bool) or isinstance(wanted, bool):
        return found is wanted
    if isinstance(found, int | float) and isinstance(wanted, int | float):
        return found == wanted
    return type(found) is type(wanted) and bool(found == wanted)


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:77]}..."
