"""The platform's own envelope -> event.

    {"event_type": "model.added", "event_id": "evt_abc123", "timestamp": "2026-01-29T12:00:00Z", "source": "registry",
     "data": {"model_id": "model_xyz789", "model_name": "Llama-3.2-1B"}}

The id is the sender's: the same id from the same source is the same event, however often it is sent.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from aftertrain.errors import SenderError
from aftertrain.ingest.sources.draft import Draft, mapping, optional_text, text
from aftertrain.model.event import Event
from aftertrain.model.source import Source

MAX_ID = 256  # characters, of up to 4 bytes each; a key in DynamoDB has 2,048 bytes
_TYPE = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)+")


def read(payload: Any, source: Source) -> list[Draft]:
    """The one event of a request; `source` of the envelope is kept, and is the configured source's id if left out."""
    fields = mapping(payload, "body")
    event_type, time = text(fields, "event_type", ""), text(fields, "timestamp", "")
    if not _TYPE.fullmatch(event_type):
        raise SenderError("event_type must be a dotted name such as model.added", field="event_type")
    _check_time(time)
    data = fields.get("data", {})
    return [
        Event(
            type=event_type,
            id=_event_id(fields),
            source=optional_text(fields, "source", "") or source.id,
            time=time,
            subject=optional_text(fields, "subject", "") or "",
            data=dict(mapping(data, "data")),
        )
    ]


def _event_id(fields: Mapping[str, Any]) -> str:
    """An id that the ledger's key has room for."""
    event_id = text(fields, "event_id", "")
    if len(event_id) > MAX_ID:
        raise SenderError(f"event_id is longer than {MAX_ID} characters", field="event_id")
    return event_id


def _check_time(text: str) -> None:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        raise SenderError("timestamp must be a time such as 2026-01-29T12:00:00Z", field="timestamp") from None
