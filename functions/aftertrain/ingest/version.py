"""Event -> how new the thing is that it speaks of.

S3 orders the events of one key by a sequencer, registries number their versions. Where there is neither, the bucket is
asked for the object's Last-Modified: never the event's own time, which is the sender's clock.
"""

import math
from typing import Any

from aftertrain.errors import BusyError
from aftertrain.expressions.fields import MISSING, full_path, lookup
from aftertrain.ingest.policies.decision import Ticket
from aftertrain.ingest.policies.order import Version
from aftertrain.ingest.ports import Ports
from aftertrain.ingest.sources.objects import DELETED
from aftertrain.model.event import Event
from aftertrain.model.policy import Order

SEQUENCER_DIGITS = 64  # hexadecimal and of any length: S3 has the shorter one filled up with zeros behind it
OLDEST = -1e300  # of what has no number: JSON knows no infinity
SETTLING_SECONDS = 60.0  # how long a bucket may answer with what was there before


class UnsettledError(BusyError):
    """The bucket still answers with what was there before, or already with what came after."""


def version_of(event: Event, policy: Order, ticket: Ticket, ports: Ports) -> Version | None:
    """The version; None if the object is gone or was written again since.

    Raises: UnsettledError if the bucket does not show the object yet, BusyError if it cannot be asked now.
    """
    if policy.by is not None:
        return _numbered(lookup(event, full_path(policy.by.split("."))))
    sequencer = event.data.get("sequencer")
    if isinstance(sequencer, str) and policy.key is None:
        return Version("sequencer", sequencer.upper().ljust(SEQUENCER_DIGITS, "0"), sequencer)
    if not event.type.startswith("object."):
        return _numbered(event.data.get("version", event.data.get("model_version", MISSING)))
    return _modified(event, ticket, ports)


def is_gone(event: Event, policy: Order, ports: Ports) -> bool | None:
    """Whether an object is gone of which the event says so and nothing else; None for any other event.

    Raises: BusyError
    """
    told = isinstance(event.data.get("sequencer"), str) and policy.key is None
    if event.type != DELETED or policy.by is not None or told:
        return None
    return ports.look().head(event) is None


def _numbered(value: Any) -> Version:
    """A registry's number; what is none is as old as can be, so that it is seen and never outruns a number."""
    try:
        number = float(str(value).lstrip("vV"))
    except ValueError:
        number = math.nan
    if math.isfinite(number):
        return Version("version", number, str(value))
    return Version("version", OLDEST, f"{value!r}, which is no number")


def _modified(event: Event, ticket: Ticket, ports: Ports) -> Version | None:
    found = ports.look().head(event)
    fresh = ports.clock() - ticket.received_at < SETTLING_SECONDS
    etag = event.data.get("etag")
    if found is not None and etag in (None, found.etag):
        return Version("modified", found.modified, found.modified_text)
    if fresh:
        raise UnsettledError(f"{event.subject}: the bucket does not show what the event speaks of yet")
    return None
