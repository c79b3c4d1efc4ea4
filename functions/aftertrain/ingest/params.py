"""A trigger's params -> an execution's: what is written as `{{ event.PATH }}` is the value at that path.

    mapped({"model_uri": "{{ event.uri }}", "threshold": 0.9}, event)
    ->  {"model_uri": "s3://models/final/m.safetensors", "threshold": 0.9}

Only a whole value may be one, and only a path may stand in it: what is computed is computed in the pipeline.
"""

import re
from collections.abc import Mapping
from typing import Any

from aftertrain.errors import AuthorError
from aftertrain.expressions.fields import MISSING, full_path, lookup
from aftertrain.model.event import Event

_PATH = re.compile(r"^\s*\{\{\s*event((?:\.[A-Za-z_][A-Za-z0-9_-]*)+)\s*\}\}\s*$")


class MissingParamError(AuthorError):
    """The event lacks what a param is to be taken from."""


def mapped(params: Mapping[str, Any], event: Event) -> dict[str, Any]:
    """The params with values from the event.

    Raises: MissingParamError
    """
    return {name: _value(name, value, event) for name, value in params.items()}


def path_of(value: Any) -> tuple[str, ...] | None:
    """The path that a param is taken from, None if it stands as it is.

    Raises: AuthorError if it has braces and is no path of the event.
    """
    if not isinstance(value, str) or "{{" not in value:
        return None
    match = _PATH.match(value)
    if match is None:
        raise AuthorError(f"{value!r} is no path of the event: write {{{{ event.PATH }}}} and nothing else")
    return full_path(match.group(1)[1:].split("."))


def _value(name: str, value: Any, event: Event) -> Any:
    path = path_of(value)
    if path is None:
        return value
    found = lookup(event, path)
    if found is MISSING:
        raise MissingParamError(f"the event has no {'.'.join(path)}", field=f"params.{name}")
    return found
