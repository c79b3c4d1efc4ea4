"""The identity of an event: two deliveries with the same key are the same event."""

from typing import NamedTuple


class EventKey(NamedTuple):
    """The source and the event's id there. A replay's id has a suffix of its own."""

    source_id: str
    event_id: str
