"""A trigger's params -> an execution's: `{{ event.PATH }}` becomes the value at that path.

map_params({"model_uri": "{{ event.uri }}", "threshold": 0.9}, event, {"model_uri": "string"})
->  {"model_uri": "s3://models/final/m.safetensors", "threshold": 0.9}
"""

from collections.abc import Mapping
from typing import Any

from aftertrain.errors import AuthorError
from aftertrain.expressions.event_path import path_of
from aftertrain.expressions.lookup import MISSING, lookup
from aftertrain.model.event import Event
from aftertrain.model.kinds import is_given


class ParamError(AuthorError):
    """The event lacks a field that a param reads, or the field does not have the declared type."""


def map_params(params: Mapping[str, Any], event: Event, types: Mapping[str, str]) -> dict[str, Any]:
    """The params with values from the event, checked against the declared types, on which the machine relies.

    Raises: ParamError
    """
    return {name: _value(name, value, event, types.get(name)) for name, value in params.items()}


def _value(name: str, value: Any, event: Event, kind: str | None) -> Any:
    path = path_of(value)
    if path is None:
        return value
    resolved = lookup(event, path)
    if resolved is MISSING:
        raise ParamError(f"the event has no {'.'.join(path)}", field=f"params.{name}")
    if kind is not None and not is_given(resolved, kind):
        raise ParamError(f"{'.'.join(path)} is not of type {kind.removesuffix('?')}", field=f"params.{name}")
    return resolved
