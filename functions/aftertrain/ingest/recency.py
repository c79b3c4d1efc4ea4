"""Event -> how new its object or model version is.

S3 orders the events of one key by a sequencer, and registries number their versions. Each server writes its sequencer
in a form of its own, so only known forms are compared. For other events the bucket is asked for the object's
Last-Modified. The event's own time is never used: it is the sender's clock.
"""

import math
import struct
from typing import Any

from aftertrain.errors import BusyError
from aftertrain.expressions.lookup import MISSING, full_path, lookup
from aftertrain.ingest.policies.decision import Ticket
from aftertrain.ingest.policies.order import Recency, Sort
from aftertrain.ingest.ports import IngestPorts
from aftertrain.ingest.sources.object_change import DELETED
from aftertrain.model.event import Event
from aftertrain.model.policy import Order

# The senders whose sequencers are known, and the sort that compares them. AWS counts; MinIO writes nanoseconds.
SEQUENCERS: dict[str, Sort] = {"aws:s3": "sequencer", "minio:s3": "sequencer", "ceph:s3": "ceph_sequencer"}
# Ceph writes two little-endian numbers of 32 bits: seconds and nanoseconds (rgw_notify.cc, populate_event).
SEQUENCER_DIGITS = 64  # hexadecimal digits; S3 pads a shorter sequencer with zeros on the right
OLDEST = -1e300  # rank of an event without a number; JSON has no infinity
SETTLING_SECONDS = 60.0  # how long a bucket may still answer with the earlier object


class BucketBehindError(BusyError):
    """The bucket still shows the object before the event's, or already the one after it."""


def recency_of(event: Event, policy: Order, ticket: Ticket, ports: IngestPorts) -> Recency | None:
    """The recency; None if the object is gone or was rewritten since.

    Raises: BucketBehindError if the bucket does not show the object yet, BusyError if it does not answer.
    """
    if policy.by is not None:
        return _numeric_version(lookup(event, full_path(policy.by.split("."))))
    sequenced = _sequence(event, policy)
    if sequenced is not None:
        return sequenced
    if not event.type.startswith("object."):
        return _numeric_version(event.data.get("version", event.data.get("model_version", MISSING)))
    return _modified_version(event, ticket, ports)


def is_gone(event: Event, policy: Order, ports: IngestPorts) -> bool | None:
    """Whether the object of a deletion event is gone; None for any other event.

    Raises: BusyError
    """
    if event.type != DELETED or policy.by is not None or _sequence(event, policy) is not None:
        return None
    return ports.look().head(event) is None


def _sequence(event: Event, policy: Order) -> Recency | None:
    """The recency by the sender's sequencer; None without a sequencer that is known to compare."""
    sequencer, sort = event.data.get("sequencer"), SEQUENCERS.get(str(event.data.get("event_source")))
    if policy.key is not None or sort is None or not isinstance(sequencer, str):
        return None
    if sort == "sequencer":
        return Recency(sort, sequencer.upper().ljust(SEQUENCER_DIGITS, "0"), sequencer)
    try:
        seconds, nanoseconds = struct.unpack("<II", bytes.fromhex(sequencer))
    except (ValueError, struct.error):
        return None
    return Recency(sort, f"{seconds:08X}{nanoseconds:08X}", sequencer)


def _numeric_version(value: Any) -> Recency:
    """A registry's version number. A text that is no number counts as the oldest, so it never outranks a number."""
    try:
        number = float(str(value).lstrip("vV"))
    except ValueError:
        number = math.nan
    if math.isfinite(number):
        return Recency("version", number, str(value))
    return Recency("version", OLDEST, f"{value!r}, which is not a number")


def _modified_version(event: Event, ticket: Ticket, ports: IngestPorts) -> Recency | None:
    current = ports.look().head(event)
    fresh = ports.clock() - ticket.received_at < SETTLING_SECONDS
    etag = event.data.get("etag")
    if current is not None and etag in (None, current.etag):
        return Recency("modified", current.modified, current.modified_text)
    if fresh:
        raise BucketBehindError(f"{event.subject}: the bucket does not show the event's object yet")
    return None
