"""The form that every sender's payload takes.

    Event(type="object.created", id="4f1c…", source="tigris-models", time="2026-01-01T00:00:00Z",
          subject="final/model.safetensors", data={"bucket": "models", "key": "final/model.safetensors", …})

On the wire and in templates the names are `event_type, event_id, timestamp, source, subject, data`.
"""

from typing import Any, NamedTuple

EVENT_TYPE = r"[a-z][a-z0-9_-]*(\.[a-z0-9_-]+)+"  # of our own events and of senders without a naming rule of their own
ENVELOPE_FIELDS = ("event_type", "event_id", "timestamp", "source", "subject", "data")


class Event(NamedTuple):
    """Something happened. `time` is the sender's claim (RFC 3339); nothing is ordered by it.

    `depth`: how many of our own events led to this one; 0 for an event from outside.
    """

    type: str
    id: str
    source: str
    time: str
    subject: str
    data: dict[str, Any]
    depth: int = 0

    @classmethod
    def from_envelope(cls, item: dict[str, Any]) -> "Event":
        """Read what `envelope` wrote."""
        return cls(
            item["event_type"],
            item["event_id"],
            item["source"],
            item["timestamp"],
            item["subject"],
            item["data"],
            item.get("depth", 0),
        )

    def envelope(self) -> dict[str, Any]:
        """The event as state machines, templates and filters see it."""
        return {
            "event_type": self.type,
            "event_id": self.id,
            "timestamp": self.time,
            "source": self.source,
            "subject": self.subject,
            "data": self.data,
            **({"depth": self.depth} if self.depth else {}),
        }
