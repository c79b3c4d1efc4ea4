"""Events: what arrived, what every trigger decided, and what it started; and replays."""

import json
from typing import Any

from aftertrain.control.explain import explain_unmatched, sender_of
from aftertrain.control.ports import ControlPorts, Item
from aftertrain.control.time_range import since, until
from aftertrain.errors import ConflictError, NotFoundError
from aftertrain.ingest.drive import drive_or_hand_over
from aftertrain.ingest.event_key import EventKey
from aftertrain.ingest.event_record import EventRecord, Start, new_record
from aftertrain.ingest.map_params import map_params
from aftertrain.ingest.match import match
from aftertrain.ingest.ports import IngestPorts
from aftertrain.ingest.snapshot import Snapshot
from aftertrain.ingest.verdict import Verdict
from aftertrain.model.authority import source_of
from aftertrain.model.event import Event

ATTEMPTS = 100


def get(source_id: str, event_id: str, ports: ControlPorts) -> Item:
    """One event with the verdict of every trigger on its type; triggers that did not match are evaluated now.

    Raises: NotFoundError if no such event arrived in the last 90 days.
    """
    item = ports.runs.event(source_id, event_id)
    if item is None:
        raise NotFoundError(f"the source {source_id!r} has sent no event {event_id!r}", field="event_id")
    decided = {verdict["trigger_id"] for verdict in item["verdicts"]}
    sender = sender_of(source_id, ports)
    undecided = explain_unmatched(Event.from_envelope(item), sender, decided, ports.registry.items("trigger"))
    return item | {"verdicts": [*item["verdicts"], *(verdict.item() for verdict in undecided)]}


def list_all(
    since_seconds: float, before: float | None, limit: int, ports: ControlPorts, *, everything: bool
) -> list[Item]:
    """The newest events of the last `since_seconds`: those that fired a trigger, or all.

    Raises: ConflictError if the ledger is too large to read completely: the newest events might be missing.
    """
    period = since(since_seconds, ports), until(before)
    if not everything:
        return ports.runs.events(*period, limit)
    scan = ports.runs.all_events(*period, limit)
    if not scan.whole:
        raise ConflictError("the ledger is too large to list all events: list only events that fired a trigger")
    return scan.items


def replay(
    source_id: str, event_id: str, attempt: int | None, ports: IngestPorts, snapshot: Snapshot, control: ControlPorts
) -> dict[str, Any]:
    """Replay an event: record, match and start it anew, with the triggers as they are now.

    `attempt`: the same number is the same replay, however often it is requested; without one, a new replay starts.
    Raises: NotFoundError, BusyError, ConflictError after a hundred replays or for a part of a set that started nothing.
    """
    original = ports.ledger.get(EventKey(source_id, event_id))
    if original is None:
        raise NotFoundError(f"the source {source_id!r} has sent no event {event_id!r}", field="event_id")
    for number in [attempt] if attempt else range(2, ATTEMPTS):
        suffix = f"~{number}"
        existing = ports.ledger.get(EventKey(source_id, original.event.id + suffix))
        if existing is None:
            fired = match(original.event, source_of(source_id, snapshot.sources), snapshot)
            record = _with_sets(new_record(original.event, source_id, fired, ports.clock(), suffix), original, control)
            existing = ports.ledger.record(record)
            if existing is None:
                return _drive_record(record, ports)
        if attempt:
            return _drive_record(existing, ports)
    raise ConflictError(f"the event {event_id!r} was replayed {ATTEMPTS} times")


def _drive_record(record: EventRecord, ports: IngestPorts) -> dict[str, Any]:
    decided = [] if record.done else drive_or_hand_over(record, ports)
    verdicts = {verdict.trigger_id: verdict.item() for verdict in [*record.all_verdicts, *decided]}
    return {"record_id": record.key.event_id, "executions": record.executions, "verdicts": list(verdicts.values())}


def _with_sets(record: EventRecord, original: EventRecord, ports: ControlPorts) -> EventRecord:
    """A replay does not collect a set again: it takes the parts that the first execution got.

    A part that started nothing starts nothing when replayed.
    Raises: ConflictError if no start is left.
    """
    starts: list[Start] = []
    refused: list[Verdict] = []
    for start in record.starts:
        if start.policies.assemble is None:
            starts.append(start)
        elif (parts := _parts(start.trigger_id, original, ports)) is None:
            refused.append(_no_set(start.trigger_id, original))
        else:
            starts.append(_with_parts(start, parts, record.event))
    if refused and not starts:
        raise ConflictError(refused[0].actual)
    return record._replace(starts=tuple(starts), verdicts=(*record.verdicts, *refused))


def _no_set(trigger_id: str, original: EventRecord) -> Verdict:
    started = original.verdict_of(trigger_id)
    by = f": replay the event that started {started.execution!r}" if started and started.execution else ""
    actual = f"this event did not complete a set of {trigger_id!r}{by}"
    return Verdict(trigger_id, "filtered", "assemble", "an event that completed a set", actual)


def _with_parts(start: Start, parts: list[Any], event: Event) -> Start:
    policies, extra = start.policies._replace(assemble=None), {"parts": parts}
    if policies.debounce is not None:
        return start._replace(policies=policies, extra_input=extra)
    full = event._replace(data=event.data | extra)
    return start._replace(
        policies=policies, extra_input=extra, params=map_params(start.params, full, start.pipeline.types)
    )


def _parts(trigger_id: str, original: EventRecord, ports: ControlPorts) -> list[Any] | None:
    """The parts in the input of the event's execution; None if that trigger started none."""
    name = next((start.name for start in original.starts if start.trigger_id == trigger_id), None)
    verdict = original.verdict_of(trigger_id)
    execution = ports.runs.execution(name) if name and (verdict is None or verdict.verdict == "started") else None
    if execution is None:
        return None
    parts = json.loads(ports.machines.input(execution["arn"]))["event"]["data"].get("parts")
    return parts if isinstance(parts, list) else None
