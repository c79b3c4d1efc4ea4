"""Request -> receipt: the phases of a webhook request, in order.

receive(Request(…), snapshot, ports)  ->  Receipt(received=1, duplicates=0, matched=1, executions=["trig-1-0d9c…"])
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aftertrain.errors import SenderError
from aftertrain.ingest.authenticate import authenticate
from aftertrain.ingest.drive import drive_or_hand_over
from aftertrain.ingest.event_record import EventRecord, new_record
from aftertrain.ingest.handover import hand_over
from aftertrain.ingest.match import match
from aftertrain.ingest.normalise import normalise
from aftertrain.ingest.parse import parse
from aftertrain.ingest.ports import IngestPorts
from aftertrain.ingest.request import Request, check_size
from aftertrain.ingest.schemas import find_schema_mistake
from aftertrain.ingest.snapshot import Snapshot
from aftertrain.ingest.sources.delivery import Delivery
from aftertrain.ingest.verdict import Verdict
from aftertrain.model.authority import true_source
from aftertrain.model.event import Event
from aftertrain.model.source import Source

SECONDS_FOR_STARTS = 4.0  # senders give up after 10 s; starts that are not done by then go to the queue
SECONDS_FOR_QUEUE = 6.0  # after this, unqueued events are left to the sweeper; they are recorded, so nothing is lost
WORKERS = 16  # threads that write a batch's events; 1 MiB can hold thousands

Outcome = tuple[EventRecord, bool]  # the ledger's record, and whether it was there before


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a request. `decided`: verdicts of policies. `rejected`: entries of a batch that are not events."""

    received: int = 0
    duplicates: int = 0
    matched: int = 0
    executions: list[str] = field(default_factory=list)
    decided: list[Verdict] = field(default_factory=list)
    rejected: list[SenderError] = field(default_factory=list)


def receive(request: Request, snapshot: Snapshot, ports: IngestPorts) -> Receipt:
    """Take a request in. When this returns, every event in it is durable.

    Raises:
        SenderError: nothing in the request could be accepted.
        BusyError: an event may not have been written; the sender must send it again.
    """
    started_at = ports.clock()
    check_size(request)
    source = authenticate(request, snapshot, started_at)
    drafts = normalise(Delivery(parse(request.body), source, request.headers, _format_time(started_at)))
    rejected = [draft for draft in drafts if isinstance(draft, SenderError)]
    events = [draft for draft in drafts if isinstance(draft, Event)]
    outcomes, refused = accept(events, source, snapshot, ports, started_at)
    rejected += refused
    if rejected and not outcomes:
        raise rejected[0]
    return Receipt(
        received=len(outcomes),
        duplicates=sum(1 for _, duplicate in outcomes if duplicate),
        matched=sum(1 for record, _ in outcomes if record.starts),
        executions=[name for record, _ in outcomes for name in record.executions],
        decided=[verdict for record, duplicate in outcomes if not duplicate for verdict in record.verdicts],
        rejected=rejected,
    )


def accept(
    events: list[Event], source: Source, snapshot: Snapshot, ports: IngestPorts, started_at: float
) -> tuple[list[Outcome], list[SenderError]]:
    """Make all events durable before the first one starts anything; returns records and refused entries.

    Raises:
        BusyError: an event may not have been written.
    """
    with _open_parallel_map(len(events)) as parallel_map:
        recorded = list(parallel_map(lambda event: _record(event, source, snapshot, ports), events))
        outcomes = [outcome for outcome in recorded if not isinstance(outcome, SenderError)]
        outcomes = list(parallel_map(lambda outcome: (_finish(outcome[0], started_at, ports), outcome[1]), outcomes))
    return outcomes, [outcome for outcome in recorded if isinstance(outcome, SenderError)]


def _format_time(seconds: float) -> str:
    """A time as RFC 3339 text in UTC."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@contextmanager
def _open_parallel_map(count: int) -> Iterator[Callable[..., Iterable[Any]]]:
    """`map`, in threads if there is more than one event."""
    if count <= 1:
        yield map
        return
    with ThreadPoolExecutor(min(WORKERS, count)) as pool:
        yield pool.map


def _record(event: Event, source: Source, snapshot: Snapshot, ports: IngestPorts) -> Outcome | SenderError:
    """Make one event durable."""
    event = event._replace(source=true_source(event.source, source, snapshot.sources))
    schema = snapshot.schemas.get(event.type)
    problem = None if schema is None else find_schema_mistake(event, schema)
    if problem is not None:
        return problem
    record = new_record(event, source.id, match(event, source, snapshot), ports.clock())
    try:
        existing = ports.ledger.record(record)
    except SenderError as error:
        return error
    return (record, False) if existing is None else (existing, True)


def _finish(record: EventRecord, started_at: float, ports: IngestPorts) -> EventRecord:
    """Drive a record for as long as the request's time lasts; returns it with its verdicts."""
    elapsed = ports.clock() - started_at
    if not record.done and elapsed < SECONDS_FOR_STARTS:
        return record._replace(verdicts=tuple(drive_or_hand_over(record, ports)) or record.verdicts)
    if not record.done and elapsed < SECONDS_FOR_QUEUE:
        hand_over(record.key, ports.redrives)
    return record
