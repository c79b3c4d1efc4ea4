"""One entry of a payload -> an event, or why it is none, so that one bad entry does not lose the others.

The module also has the field readers that the dialects share; their errors name the field.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from aftertrain.errors import SenderError
from aftertrain.model.event import EVENT_TYPE, Event

Draft = Event | SenderError
MAX_TYPE = 128
_TYPE = re.compile(EVENT_TYPE)
MAX_TEXT = 1024  # longer than any S3 key (1,024 bytes), name or time


def drafts(entries: Iterable[Any], read: Callable[[Any, str], Event], where: str) -> list[Draft]:
    """Read each entry on its own; `where` names the list that holds them."""
    return [_draft(entry, read, f"{where}[{index}]") for index, entry in enumerate(entries)]


def _draft(entry: Any, read: Callable[[Any, str], Event], path: str) -> Draft:
    try:
        return read(entry, path)
    except SenderError as error:
        return error


def mapping(value: Any, path: str) -> Mapping[str, Any]:
    """The value as an object; the error names its path."""
    if not isinstance(value, dict):
        raise SenderError(f"{path} must be an object", field=path)
    return value


def text(fields: Mapping[str, Any], name: str, parent: str, max_length: int = MAX_TEXT) -> str:
    """A required string of 1 to `max_length` characters."""
    value = fields.get(name)
    path = f"{parent}.{name}" if parent else name
    if not isinstance(value, str) or not value:
        raise SenderError(f"{path} must be a string that is not empty", field=path)
    if len(value) > max_length:
        raise SenderError(f"{path} is longer than {max_length} characters", field=path)
    return value


def short_text(fields: Mapping[str, Any], name: str, parent: str, max_length: int) -> str:
    """A required string of at most `max_length` characters."""
    return text(fields, name, parent, max_length)


def event_type(fields: Mapping[str, Any], name: str, parent: str) -> str:
    """A dotted name in lower case."""
    value = text(fields, name, parent)
    if not _TYPE.fullmatch(value) or len(value) > MAX_TYPE:
        path = f"{parent}.{name}" if parent else name
        raise SenderError(f"{path} must be a dotted name such as model.added", field=path)
    return value


def optional_size(fields: Mapping[str, Any], name: str, parent: str) -> int | None:
    """A byte count, or None if the sender leaves it out, as some do for deletions."""
    value = fields.get(name)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
        raise SenderError(f"{parent}.{name} must be a whole number of bytes", field=f"{parent}.{name}")
    return value


def optional_text(fields: Mapping[str, Any], name: str, parent: str) -> str | None:
    """A string, or None if the sender leaves it out."""
    return None if fields.get(name) in (None, "") else text(fields, name, parent)
