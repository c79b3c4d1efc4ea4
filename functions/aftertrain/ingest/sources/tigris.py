"""A Tigris object notification -> events.

    {"events": [{"eventName": "OBJECT_CREATED_PUT", "eventTime": "2026-01-01T00:00:00.000Z", "bucket": "models",
                 "object": {"key": "final/model.safetensors", "size": 1024, "eTag": "d41d8cd9…"}}]}
    ->  object.created  {bucket, key, size, etag, event_name, uri}

Format: tigrisdata.com/docs/buckets/object-notifications. A request carries many events and no id. The list of event
names is open: an unknown name becomes `object.<name>`, which fires triggers on `object.*`.
"""

from typing import Any

from aftertrain.errors import SenderError
from aftertrain.ingest.sources.delivery import Delivery
from aftertrain.ingest.sources.draft import Draft, drafts, mapping, optional_size, optional_text, text
from aftertrain.ingest.sources.object_change import DELETED, TRANSITIONED, ObjectChange, creation_type, normalise_type
from aftertrain.model.event import Event

_TYPES = {"OBJECT_DELETED": DELETED, "OBJECT_RENAME": "object.renamed", "OBJECT_TRANSITIONED": TRANSITIONED}


def read(delivery: Delivery) -> list[Draft]:
    """The events of one notification; Tigris batches them in `events`."""
    entries = mapping(delivery.payload, "body").get("events")
    if not isinstance(entries, list):
        raise SenderError("events must be a list", field="events")
    return drafts(entries, lambda entry, path: _event(entry, path, delivery.source.id), "events")


def _event(entry: Any, path: str, source_id: str) -> Event:
    fields = mapping(entry, path)
    obj = mapping(fields.get("object"), f"{path}.object")
    name, time, bucket = (text(fields, field, path) for field in ("eventName", "eventTime", "bucket"))
    key = text(obj, "key", f"{path}.object")
    etag = (optional_text(obj, "eTag", f"{path}.object") or "").strip('"')
    size = optional_size(obj, "size", f"{path}.object")
    return ObjectChange(_type(name), name, time, bucket, key, size, etag).event(source_id)


def _type(name: str) -> str:
    if name.startswith("OBJECT_CREATED_"):
        return creation_type(name.removeprefix("OBJECT_CREATED_"))
    return _TYPES.get(name) or f"object.{normalise_type(name.removeprefix('OBJECT_').lower())}"
