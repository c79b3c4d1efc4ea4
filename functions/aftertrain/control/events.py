"""Events: what was received, what every trigger said of it, and what it started; and the same once more, on purpose."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from aftertrain.control.explain import unmatched
from aftertrain.control.ports import Item, Ports
from aftertrain.errors import ConflictError, NotFoundError
from aftertrain.ingest.drive import drive_or_hand_over
from aftertrain.ingest.key import EventKey
from aftertrain.ingest.match import match
from aftertrain.ingest.params import mapped
from aftertrain.ingest.ports import Ports as IngestPorts
from aftertrain.ingest.record import Record, Start, new_record
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
    source_id: str, event_id: str, attempt: int | None, ports: IngestPorts, snapshot: Snapshot, control: Ports
) -> dict[str, Any]:
    """Let an event happen once more: recorded, matched and started anew, by the triggers as they are now.

    `attempt`: the same number is the same replay, however often it is asked for; without one it is the next.
    Raises: NotFoundError, ConflictError after a hundred of them or for a part of a set that did not start by it,
        BusyError.
    """
    standing = ports.ledger.get(EventKey(source_id, event_id))
    if standing is None:
        raise NotFoundError(f"the source {source_id!r} has sent no event {event_id!r}", field="event_id")
    event = standing.event
    for number in [attempt] if attempt else range(2, ATTEMPTS):
        record = new_record(event, source_id, match(event, snapshot), ports.clock(), f"~{number}")
        record = _with_sets(record, standing, control)
        known = ports.ledger.record(record)
        if known is None or attempt:
            found = known or record
            verdicts = found.all_verdicts if found.done else drive_or_hand_over(found, ports) or found.all_verdicts
            shown = [verdict.item() for verdict in verdicts]
            return {"record_id": record.key.event_id, "executions": found.executions, "verdicts": shown}
    raise ConflictError(f"the event {event_id!r} was replayed {ATTEMPTS} times")


def _with_sets(record: Record, standing: Record, ports: Ports) -> Record:
    """A set is not collected once more: its parts are those that its first execution was told."""
    assembling = [start for start in record.starts if start.policies.assemble is not None]
    if not assembling:
        return record
    names = {start.trigger_id: start.name for start in standing.starts}
    event = record.event
    for start in assembling:
        verdict = standing.verdict_of(start.trigger_id)
        parts = _parts(names.get(start.trigger_id, ""), ports) if verdict is None else None
        if parts is None:
            by = f": replay the event that started {verdict.execution!r}" if verdict and verdict.execution else ""
            raise ConflictError(f"by this event {start.trigger_id!r} has started no set{by}")
        event = event._replace(data=event.data | {"parts": parts})
    starts = tuple(_without_set(start, event) for start in record.starts)
    return record._replace(event=event, starts=starts)


def _without_set(start: Start, event: Event) -> Start:
    policies = start.policies._replace(assemble=None)
    late = start.policies.assemble is not None and policies.debounce is None
    return start._replace(policies=policies, params=mapped(start.params, event) if late else start.params)


def _parts(execution_id: str, ports: Ports) -> list[Any] | None:
    """What an execution was told of its set; None if there was no such execution."""
    execution = ports.runs.execution(execution_id)
    if execution is None:
        return None
    found = json.loads(ports.machines.input(execution["arn"]))["event"]["data"].get("parts")
    return found if isinstance(found, list) else None
