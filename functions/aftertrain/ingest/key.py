"""What makes two deliveries the same event."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EventKey:
    """The source, and the id that the event has there; a replay has a suffix of its own."""

    source_id: str
    event_id: str
