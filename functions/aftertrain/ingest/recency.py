"""Event -> how new the thing is that it speaks of.

S3 orders the events of one key by a sequencer, registries number their versions. Where there is neither, the bucket is
asked for the object's Last-Modified: never the event's own time, which is the sender's clock.
"""

import math
from typing import Any

from aftertrain.errors import BusyError
from aftertrain.expressions.lookup import MISSING, full_path, lookup
from aftertrain.ingest.policies.decision import Ticket
from aftertrain.ingest.policies.order import Recency
from aftertrain.ingest.ports import IngestPorts
from aftertrain.ingest.sources.object_change import DELETED
from aftertrain.model.event import Event
from aftertrain.model.policy import Order

SEQUENCER_DIGITS = 64  # hexadecimal and of any length: S3 has the shorter one filled up with zeros behind it
OLDEST = -1e300  # of what has no number: JSON knows no infinity
SETTLING_SECONDS = 60.0  # how long a bucket may answer with what was there before


class BucketBehindError(BusyError):
    """The bucket still answers with what was there before, or already with what came after."""


def recency_of(event: Event, policy: Order, ticket: Ticket, ports: IngestPorts) -> Recency | None:
    """The version; None if the object is gone or was written again since.

    Raises: UnsettledError if the bucket does not show the object yet, BusyError if it cannot be asked now.
    """
    if policy.by is not None:
        return _numeric_version(lookup(event, full_path(policy.by.split("."))))
    sequencer = event.data.get("sequencer")
    if isinstance(sequencer, str) and policy.key is None:
        return Recency("sequencer", sequencer.upper().ljust(SEQUENCER_DIGITS, "0"), sequencer)
    if not event.type.startswith("object."):
        return _numeric_version(event.data.get("version", event.data.get("model_version", MISSING)))
    return _modified_version(event, ticket, ports)


def is_gone(event: Event, policy: Order, ports: IngestPorts) -> bool | None:
    """Whether an object is gone of which the event says so and nothing else; None for any other event.

    Raises: BusyError
    """
    has_sequencer = isinstance(event.data.get("sequencer"), str) and policy.key is None
    if event.type != DELETED or policy.by is not None or has_sequencer:
        return None
    return ports.look().head(event) is None


def _numeric_version(value: Any) -> Recency:
    """A registry's number; what is none is as old as can be, so that it is seen and never outruns a number."""
    try:
        number = float(str(value).lstrip("vV"))
    except ValueError:
        number = math.nan
    if math.isfinite(number):
        return Recency("version", number, str(value))
    return Recency("version", OLDEST, f"{value!r}, which is no number")


def _modified_version(event: Event, ticket: Ticket, ports: IngestPorts) -> Recency | None:
    current = ports.look().head(event)
    fresh = ports.clock() - ticket.received_at < SETTLING_SECONDS
    etag = event.data.get("etag")
    if current is not None and etag in (None, current.etag):
        return Recency("modified", current.modified, current.modified_text)
    if fresh:
        raise BucketBehindError(f"{event.subject}: the bucket does not show what the event speaks of yet")
    return None
