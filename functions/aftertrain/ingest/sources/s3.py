"""An S3 notification, as AWS, MinIO and Ceph write it -> events.

    {"Records": [{"eventName": "ObjectCreated:Put", "eventTime": "2026-01-01T00:00:00.000Z",
                  "s3": {"bucket": {"name": "models"}, "object": {"key": "final/model+v2", "size": 1024, …}}}]}
    ->  object.created  {bucket, key: "final/model v2", size, etag, event_name, uri, version_id, sequencer}

Format: docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html. MinIO puts `s3:` before
event names, and reports new tags as creations, which they are not. AWS and MinIO encode keys like form fields; Ceph and
NooBaa do not. Ceph writes sizes as text. The message that AWS sends when a notification is configured (`s3:TestEvent`)
has no records and is no event.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_plus

from aftertrain.errors import SenderError
from aftertrain.ingest.sources.delivery import Delivery
from aftertrain.ingest.sources.draft import MAX_TEXT, Draft, drafts, mapping, optional_size, optional_text, text
from aftertrain.ingest.sources.object_change import DELETED, TRANSITIONED, ObjectChange, creation_type, normalise_type
from aftertrain.model.event import Event

MAX_KEY_BYTES = 1024
PLAIN_KEYS = ("ceph:s3", "noobaa:s3")  # these write keys as they are; the others encode them
UPLOAD_BEGINS = "object.created_post"
# Ceph's lifecycle events differ from the third word on: ObjectLifecycle:Expiration:Current, …:Transition:…
_FAMILIES = {
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
    writer, etag = optional_text(fields, "eventSource", path), optional_text(obj, "eTag", where) or ""
    sequencer = obj.get("sequencer")
    change = ObjectChange(
        type=UPLOAD_BEGINS if _begins_upload(name, writer, etag) else _type(name),
        name=name.removeprefix("s3:"),
        time=time,
        bucket=text(bucket, "name", f"{path}.s3.bucket"),
        key=_key(obj, where, writer),
        size=_size(obj, where),
        etag=etag.strip('"'),
        version_id=optional_text(obj, "versionId", where),
        sequencer=sequencer if isinstance(sequencer, str) and 0 < len(sequencer) <= MAX_TEXT else None,
        writer=writer,
    )
    return change.event(source_id)


def _key(obj: Mapping[str, Any], where: str, writer: str | None) -> str:
    """The object's key, decoded; its length is that of the decoded bytes, of which S3 allows 1,024."""
    key = text(obj, "key", where, max_length=4 * MAX_KEY_BYTES)
    if writer not in PLAIN_KEYS:
        key = unquote_plus(key, errors="replace")
    if len(key.encode(errors="replace")) > MAX_KEY_BYTES:
        raise SenderError(f"{where}.key is longer than {MAX_KEY_BYTES} bytes", field=f"{where}.key")
    return key


def _begins_upload(name: str, writer: str | None, etag: str) -> bool:
    """Ceph before Quincy reports a multipart upload when it begins, as a POST of no bytes."""
    return writer == "ceph:s3" and name.removeprefix("s3:") == "ObjectCreated:Post" and not etag


def _size(obj: Mapping[str, Any], where: str) -> int | None:
    size = obj.get("size")
    if isinstance(size, str) and size.isascii() and size.isdigit() and len(size) <= 20:
        return int(size)
    return optional_size(obj, "size", where)


def _type(name: str) -> str:
    family, _, detail = name.removeprefix("s3:").partition(":")
    if name.removeprefix("s3:") == "ObjectTransition:Complete":
        return TRANSITIONED
    if family == "ObjectLifecycle":
        family = f"Lifecycle{detail.partition(':')[0]}"
    if family == "ObjectCreated":
        return creation_type(detail)
    if family in _FAMILIES:
        return _FAMILIES[family]
    word = normalise_type(f"{family.removeprefix('Object')}_{detail}" if detail else family.removeprefix("Object"))
    return f"object.{word}"
