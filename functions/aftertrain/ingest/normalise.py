"""Payload of a source -> events, each small enough to be an execution's input.

normalise({"events": [{…}]}, Source(kind="tigris", …))  ->  [Event(…), SenderError(…), …]
"""

from collections.abc import Callable
from typing import Any

from aftertrain.errors import TooLargeError
from aftertrain.ingest.request import MAX_EVENT_BYTES
from aftertrain.ingest.sources import platform, tigris
from aftertrain.ingest.sources.draft import Draft
from aftertrain.model.event import Event
from aftertrain.model.names import canonical_json
from aftertrain.model.source import Source, SourceKind

DIALECTS: dict[SourceKind, Callable[[Any, Source], list[Draft]]] = {
    "tigris": tigris.read,
    "platform": platform.read,
}


def normalise(payload: Any, source: Source) -> list[Draft]:
    """Read a payload in its source's dialect.

    Raises:
        SenderError: the payload has no place for events.
    """
    return [_bounded(draft, index) for index, draft in enumerate(DIALECTS[source.kind](payload, source))]


def _bounded(draft: Draft, index: int) -> Draft:
    if not isinstance(draft, Event):
        return draft
    size = len(canonical_json(draft.envelope()).encode())
    if size <= MAX_EVENT_BYTES:
        return draft
    return TooLargeError(
        f"event {index} has {size} bytes; at most {MAX_EVENT_BYTES} are accepted", field=f"events[{index}]"
    )
