"""The notifications of all buckets, in one form.

    object.created  {bucket, key, size, etag, event_name, uri, version_id?, sequencer?}

Some senders give a notification no id. The id is then made of the fields that identify the change: a redelivery has the
same id, and every other change has another one.
"""

import re
from typing import Any, NamedTuple

from aftertrain.model.event import Event
from aftertrain.model.names import digest

CREATED, DELETED, TRANSITIONED = "object.created", "object.deleted", "object.transitioned"
# Changes beside an object's bytes. Some senders report them in their family of creations: ObjectCreated:PutTagging.
_ATTRIBUTE = re.compile(
    r"(put|delete)_?(?:object_?)?(tagging|tags?|retention|legal_?hold|acl|encryption|metadata|attributes)",
    re.IGNORECASE,
)


class ObjectChange(NamedTuple):
    """A change of an object.

    `name`: the sender's name for it. `etag`: without quotes. `writer`: the software that wrote the notification, such
    as `ceph:s3`; it decides how sequencers compare. `id`: only if the sender gives one.
    """

    type: str
    name: str
    time: str
    bucket: str
    key: str
    size: int | None
    etag: str
    version_id: str | None = None
    sequencer: str | None = None
    writer: str | None = None
    id: str | None = None

    def event(self, source_id: str) -> Event:
        """The change as an event."""
        data: dict[str, Any] = {
            "bucket": self.bucket,
            "key": self.key,
            "size": self.size,
            "etag": self.etag or None,
            "event_name": self.name,
            "uri": f"s3://{self.bucket}/{self.key}",
        }
        optional = {"version_id": self.version_id, "sequencer": self.sequencer}
        data |= {name: value for name, value in optional.items() if value is not None}
        data |= {"event_source": self.writer} if self.writer else {}
        derived_id = digest(self.bucket, self.key, self.name, self.etag, self.time, *filter(None, optional.values()))
        return Event(self.type, self.id or derived_id, source_id, self.time, self.key, data)


def creation_type(detail: str) -> str:
    """The type of a change that its sender calls a creation: `Put` creates, `PutTagging` is `object.tagging_put`."""
    attribute = _ATTRIBUTE.fullmatch(detail)
    return CREATED if attribute is None else f"object.{normalise_type(attribute[2])}_{attribute[1].lower()}"


def writes_bytes(event_type: str) -> bool:
    """Whether an event may bring an object's bytes; one about its removal, its attributes or a read does not."""
    word = event_type.removeprefix("object.")
    return word == event_type or not word.startswith(_NO_BYTES)


_NO_BYTES = (
    *("deleted", "removed", "expired", "transition", "accessed", "access_tier", "restore", "replication"),
    *("tag", "retention", "legal_hold", "acl", "encryption", "metadata", "attributes", "created_post"),
)


def normalise_type(text: str) -> str:
    """Any name as a word of a type: `RestoreCompleted` -> `restore_completed`."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", text)
    return re.sub(r"[^a-z0-9]+", "_", spaced.lower()).strip("_")[:64] or "unknown"
