"""What makes two deliveries the same event."""

from typing import NamedTuple


class EventKey(NamedTuple):
    """The source, and the id that the event has there; a replay has a suffix of its own."""

    source_id: str
    event_id: str
