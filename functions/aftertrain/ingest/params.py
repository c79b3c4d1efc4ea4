"""A trigger's params -> an execution's: what is written as `{{ event.PATH }}` is the value at that path.

mapped({"model_uri": "{{ event.uri }}", "threshold": 0.9}, event)
->  {"model_uri": "s3://models/final/m.safetensors", "threshold": 0.9}
"""

from collections.abc import Mapping
from typing import Any

from aftertrain.errors import AuthorError
from aftertrain.expressions.event_path import path_of
from aftertrain.expressions.fields import MISSING, lookup
from aftertrain.model.event import Event


class MissingParamError(AuthorError):
    """The event lacks what a param is to be taken from."""


def mapped(params: Mapping[str, Any], event: Event) -> dict[str, Any]:
    """The params with values from the event.

    Raises: MissingParamError
    """
    return {name: _value(name, value, event) for name, value in params.items()}


def _value(name: str, value: Any, event: Event) -> Any:
    path = path_of(value)
    if path is None:
        return value
    found = lookup(event, path)
    if found is MISSING:
        raise MissingParamError(f"the event has no {'.'.join(path)}", field=f"params.{name}")
    return found
