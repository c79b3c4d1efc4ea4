"""Cloudflare R2's message, posted by a queue's consumer -> events.

    {"action": "PutObject", "bucket": "models", "object": {"key": "final/x", "size": 1, "eTag": "d4…"},
     "eventTime": "2026-01-01T00:00:00.000Z"}
    ->  object.created  {bucket, key, size, etag, event_name, uri}

R2 sends only to queues; a consumer posts one message, or a list of them. Deletions have no size and no ETag. Format:
developers.cloudflare.com/r2/buckets/event-notifications.
"""

from typing import Any

from aftertrain.ingest.sources.delivery import Delivery
from aftertrain.ingest.sources.draft import Draft, drafts, mapping, optional_size, optional_text, text
from aftertrain.ingest.sources.object_change import CREATED, DELETED, ObjectChange, normalise_type
from aftertrain.model.event import Event

_TYPES = {
    "PutObject": CREATED,
    "CopyObject": CREATED,
    "CompleteMultipartUpload": CREATED,
    "DeleteObject": DELETED,
    "LifecycleDeletion": DELETED,
}


def read(delivery: Delivery) -> list[Draft]:
    """The event of a message, or the events of a list of messages."""
    messages = delivery.payload if isinstance(delivery.payload, list) else [delivery.payload]
    return drafts(messages, lambda entry, path: _event(entry, path, delivery.source.id), "messages")


def _event(entry: Any, path: str, source_id: str) -> Event:
    fields = mapping(entry, path)
    where = f"{path}.object"
    obj = mapping(fields.get("object"), where)
    name, time, bucket = (text(fields, field, path) for field in ("action", "eventTime", "bucket"))
    etag = (optional_text(obj, "eTag", where) or "").strip('"')
    key, size = text(obj, "key", where), optional_size(obj, "size", where)
    kind = _TYPES.get(name) or f"object.{normalise_type(name)}"
    return ObjectChange(kind, name, time, bucket, key, size, etag).event(source_id)
