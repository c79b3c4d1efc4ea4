"""Tigris object notification -> events.

    {"events": [{"eventName": "OBJECT_CREATED_PUT", "eventTime": "2026-01-01T00:00:00.000Z", "bucket": "models",
                 "object": {"key": "final/model.safetensors", "size": 1024, "eTag": "d41d8cd9…"}}]}
    ->  object.created  {bucket, key, size, etag, event_name, uri}

Format: tigrisdata.com/docs/buckets/object-notifications. A request carries many events and no id; the id is made of
what identifies the change, so a redelivery has the same one. The list of event names is open: a name we do not know
becomes `object.<name>`, which a trigger on `object.*` gets.
"""

import re
from typing import Any

from aftertrain.errors import SenderError
from aftertrain.ingest.sources.draft import Draft, drafts, mapping, optional_size, optional_text, text
from aftertrain.model.event import Event
from aftertrain.model.names import digest
from aftertrain.model.source import Source

_KNOWN = {
    "OBJECT_DELETED": "object.deleted",
    "OBJECT_RENAME": "object.renamed",
    "OBJECT_TRANSITIONED": "object.transitioned",
}


def read(payload: Any, source: Source) -> list[Draft]:
    """The events of one notification; Tigris batches them in `events`."""
    entries = mapping(payload, "body").get("events")
    if not isinstance(entries, list):
        raise SenderError("events must be a list", field="events")
    return drafts(entries, lambda entry, place: _event(entry, place, source), "events")


def _event(entry: Any, place: str, source: Source) -> Event:
    fields = mapping(entry, place)
    thing = mapping(fields.get("object"), f"{place}.object")
    name, time, bucket = (text(fields, field, place) for field in ("eventName", "eventTime", "bucket"))
    key = text(thing, "key", f"{place}.object")
    etag = (optional_text(thing, "eTag", f"{place}.object") or "").strip('"')
    data = {
        "bucket": bucket,
        "key": key,
        "size": optional_size(thing, "size", f"{place}.object"),
        "etag": etag or None,
        "event_name": name,
        "uri": f"s3://{bucket}/{key}",
    }
    return Event(_type(name), digest(bucket, key, name, etag, time), source.id, time, key, data)


def _type(name: str) -> str:
    if name.startswith("OBJECT_CREATED_"):
        return "object.created"
    return _KNOWN.get(name) or "object." + (re.sub(r"\W+", "_", name.removeprefix("OBJECT_").lower()) or "unknown")
