"""An S3 notification, as AWS, MinIO and Ceph write it -> events.

    {"Records": [{"eventName": "ObjectCreated:Put", "eventTime": "2026-01-01T00:00:00.000Z",
                  "s3": {"bucket": {"name": "models"}, "object": {"key": "final/model+v2", "size": 1024, …}}}]}
    ->  object.created  {bucket, key: "final/model v2", size, etag, event_name, uri, version_id, sequencer}

Format: docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html. MinIO puts `s3:` before event
names. AWS and MinIO encode keys like form fields; Ceph does not, and writes sizes as text. The message that AWS sends
when a notification is configured (`s3:TestEvent`) has no records and is no event.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_plus

from aftertrain.errors import SenderError
from aftertrain.ingest.sources.delivery import Delivery
from aftertrain.ingest.sources.draft import Draft, drafts, mapping, optional_size, optional_text, text
from aftertrain.ingest.sources.object_change import CREATED, DELETED, TRANSITIONED, ObjectChange, normalise_type
from aftertrain.model.event import Event

# Ceph's lifecycle events differ from the third word on: ObjectLifecycle:Expiration:Current, …:Transition:…
_FAMILIES = {
    "ObjectCreated": CREATED,
    "ObjectRemoved": DELETED,
    "LifecycleExpiration": DELETED,
    "LifecycleTransition": TRANSITIONED,
}


def read(delivery: Delivery) -> list[Draft]:
    """The events of one notification."""
    fields = mapping(delivery.payload, "body")
    if fields.get("Event") == "s3:TestEvent":
        return []
    records = fields.get("Records")
    if not isinstance(records, list):
        raise SenderError("Records must be a list", field="Records")
    return drafts(records, lambda entry, path: _event(entry, path, delivery.source.id), "Records")


def _event(entry: Any, path: str, source_id: str) -> Event:
    fields = mapping(entry, path)
    s3 = mapping(fields.get("s3"), f"{path}.s3")
    where = f"{path}.s3.object"
    bucket, obj = mapping(s3.get("bucket"), f"{path}.s3.bucket"), mapping(s3.get("object"), where)
    name, time = text(fields, "eventName", path), text(fields, "eventTime", path)
    key = text(obj, "key", where)
    change = ObjectChange(
        type=_type(name),
        name=name.removeprefix("s3:"),
        time=time,
        bucket=text(bucket, "name", f"{path}.s3.bucket"),
        key=key if fields.get("eventSource") == "ceph:s3" else unquote_plus(key, errors="replace"),
        size=_size(obj, where),
        etag=(optional_text(obj, "eTag", where) or "").strip('"'),
        version_id=optional_text(obj, "versionId", where),
        sequencer=optional_text(obj, "sequencer", where),
    )
    return change.event(source_id)


def _size(obj: Mapping[str, Any], where: str) -> int | None:
    size = obj.get("size")
    if isinstance(size, str) and size.isascii() and size.isdigit() and len(size) <= 20:
        return int(size)
    return optional_size(obj, "size", where)


def _type(name: str) -> str:
    family, _, detail = name.removeprefix("s3:").partition(":")
    if family == "ObjectLifecycle":
        family = f"Lifecycle{detail.partition(':')[0]}"
    if family in _FAMILIES:
        return _FAMILIES[family]
    word = normalise_type(f"{family.removeprefix('Object')}_{detail}" if detail else family.removeprefix("Object"))
    return f"object.{word}"
