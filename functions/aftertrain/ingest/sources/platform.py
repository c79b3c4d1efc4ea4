"""The platform's own envelope -> event.

    {"event_type": "model.added", "event_id": "evt_abc123", "timestamp": "2026-01-29T12:00:00Z", "source": "registry",
     "data": {"model_id": "model_xyz789", "model_name": "Llama-3.2-1B"}}

The sender chooses the id: the same id from the same source is the same event, however often it is sent.
"""

from datetime import datetime

from aftertrain.errors import SenderError
from aftertrain.ingest.sources.delivery import MAX_ID, Delivery
from aftertrain.ingest.sources.draft import Draft, event_type, mapping, optional_text, short_text, text
from aftertrain.model.event import Event


def read(delivery: Delivery) -> list[Draft]:
    """The one event of a request; `source` defaults to the id of the configured source."""
    fields = mapping(delivery.payload, "body")
    kind, time = event_type(fields, "event_type", ""), text(fields, "timestamp", "")
    _check_time(time)
    return [
        Event(
            type=kind,
            id=short_text(fields, "event_id", "", MAX_ID),
            source=optional_text(fields, "source", "") or delivery.source.id,
            time=time,
            subject=optional_text(fields, "subject", "") or "",
            data=dict(mapping(fields.get("data", {}), "data")),
        )
    ]


def _check_time(text: str) -> None:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        raise SenderError("timestamp must be a time such as 2026-01-29T12:00:00Z", field="timestamp") from None
