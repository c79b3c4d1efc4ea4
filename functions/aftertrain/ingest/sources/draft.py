"""One entry of a payload, read: an event, or why it is none, so that one bad entry does not lose its neighbours.

Also the field readers that the dialects share; they name the field they choke on.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from aftertrain.errors import SenderError
from aftertrain.model.event import EVENT_TYPE, Event

Draft = Event | SenderError
MAX_TYPE = 128
_TYPE = re.compile(EVENT_TYPE)
MAX_TEXT = 1024  # longer than any key of S3's (1,024 bytes), any name and any time


def drafts(entries: Iterable[Any], read: Callable[[Any, str], Event], where: str) -> list[Draft]:
    """Read each entry on its own; `where` names the list that they stand in."""
    return [_draft(entry, read, f"{where}[{index}]") for index, entry in enumerate(entries)]


def _draft(entry: Any, read: Callable[[Any, str], Event], place: str) -> Draft:
    try:
        return read(entry, place)
    except SenderError as error:
        return error


def mapping(value: Any, place: str) -> Mapping[str, Any]:
    """The value as an object, or an error that names the place."""
    if not isinstance(value, dict):
        raise SenderError(f"{place} must be an object", field=place)
    return value


def text(fields: Mapping[str, Any], name: str, place: str) -> str:
    """A required string of 1 to 1,024 characters."""
    value = fields.get(name)
    path = f"{place}.{name}" if place else name
    if not isinstance(value, str) or not value:
        raise SenderError(f"{path} must be a string that is not empty", field=path)
    if len(value) > MAX_TEXT:
        raise SenderError(f"{path} is longer than {MAX_TEXT} characters", field=path)
    return value


def short_text(fields: Mapping[str, Any], name: str, place: str, longest: int) -> str:
    """A required string of at most so many characters."""
    value = text(fields, name, place)
    if len(value) > longest:
        path = f"{place}.{name}" if place else name
        raise SenderError(f"{path} is longer than {longest} characters", field=path)
    return value


def event_type(fields: Mapping[str, Any], name: str, place: str) -> str:
    """A dotted name in lower case."""
    value = text(fields, name, place)
    if not _TYPE.fullmatch(value) or len(value) > MAX_TYPE:
        path = f"{place}.{name}" if place else name
        raise SenderError(f"{path} must be a dotted name such as model.added", field=path)
    return value


def optional_size(fields: Mapping[str, Any], name: str, place: str) -> int | None:
    """A byte count, or None where the sender leaves it out, as some do for deletions."""
    value = fields.get(name)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
        raise SenderError(f"{place}.{name} must be a whole number of bytes", field=f"{place}.{name}")
    return value


def optional_text(fields: Mapping[str, Any], name: str, place: str) -> str | None:
    """A string, or None where the sender leaves it out."""
    return None if fields.get(name) in (None, "") else text(fields, name, place)
