"""Events: what was received, what every trigger said of it, and what it started; and the same once more, on purpose."""

from datetime import UTC, datetime, timedelta
from typing import Any

from aftertrain.control.explain import unmatched
from aftertrain.control.ports import Item, Ports
from aftertrain.errors import ConflictError, NotFoundError
from aftertrain.ingest.drive import drive_or_hand_over
from aftertrain.ingest.key import EventKey
from aftertrain.ingest.match import match
from aftertrain.ingest.ports import Ports as IngestPorts
from aftertrain.ingest.record import new_record
from aftertrain.ingest.snapshot import Snapshot
from aftertrain.model.event import Event

ATTEMPTS = 100


def get(source_id: str, event_id: str, ports: Ports) -> Item:
    """One event with the verdict of every trigger on its type; those that did not match are asked now.

    Raises: NotFoundError if no such event was received, or not in the last 90 days.
    """
    item = ports.runs.event(source_id, event_id)
    if item is None:
        raise NotFoundError(f"the source {source_id!r} has sent no event {event_id!r}", field="event_id")
    known = {verdict["trigger_id"] for verdict in item["verdicts"]}
    others = unmatched(Event.from_envelope(item), known, ports.registry.items("trigger"))
    return item | {"verdicts": [*item["verdicts"], *(verdict.item() for verdict in others)]}


def list_all(since_seconds: float, before: float | None, limit: int, ports: Ports, *, everything: bool) -> list[Item]:
    """The newest events of that many seconds: those that fired something, or all of them."""
    now = datetime.fromisoformat(ports.clock())
    until = now if before is None else datetime.fromtimestamp(before, UTC)
    between = (now - timedelta(seconds=since_seconds), until + timedelta(milliseconds=1))
    since, end = (each.isoformat(timespec="milliseconds") for each in between)
    return ports.runs.events(since, end, limit, everything=everything)


def replay(
    source_id: str, event_id: str, attempt: int | None, ports: IngestPorts, snapshot: Snapshot
) -> dict[str, Any]:
    """Let an event happen once more: recorded, matched and started anew, by the triggers as they are now.

    `attempt`: the same number is the same replay, however often it is asked for; without one it is the next.
    Raises: NotFoundError, ConflictError after a hundred of them, BusyError.
    """
    standing = ports.ledger.get(EventKey(source_id, event_id))
    if standing is None:
        raise NotFoundError(f"the source {source_id!r} has sent no event {event_id!r}", field="event_id")
    event = standing.event
    for number in [attempt] if attempt else range(2, ATTEMPTS):
        record = new_record(event, source_id, match(event, snapshot), ports.clock(), f"~{number}")
        known = ports.ledger.record(record)
        if known is None or attempt:
            found = known or record
            verdicts = found.all_verdicts if found.done else drive_or_hand_over(found, ports) or found.all_verdicts
            shown = [verdict.item() for verdict in verdicts]
            return {"record_id": record.key.event_id, "executions": found.executions, "verdicts": shown}
    raise ConflictError(f"the event {event_id!r} was replayed {ATTEMPTS} times")
