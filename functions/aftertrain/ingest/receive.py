"""Request -> receipt: the flat list of what happens to a webhook request.

receive(Request(…), snapshot, ports)  ->  Receipt(received=1, duplicates=0, matched=1, executions=["trig-1-0d9c…"])
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from aftertrain.errors import SenderError
from aftertrain.ingest.authenticate import authenticate
from aftertrain.ingest.drive import drive_or_hand_over, hand_over
from aftertrain.ingest.match import match
from aftertrain.ingest.normalise import normalise
from aftertrain.ingest.parse import parse
from aftertrain.ingest.ports import Ports
from aftertrain.ingest.record import Record, new_record
from aftertrain.ingest.request import Request, check_size
from aftertrain.ingest.snapshot import Snapshot
from aftertrain.model.event import Event
from aftertrain.model.source import Source

SECONDS_FOR_STARTS = 4.0  # senders give up after 10 s; what is not started by then goes to the queue
WORKERS = 16  # a batch's events are written side by side: 1 MiB can hold thousands


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a request. `rejected` holds the entries of a batch that are no events."""

    received: int = 0
    duplicates: int = 0
    matched: int = 0
    executions: list[str] = field(default_factory=list)
    rejected: list[SenderError] = field(default_factory=list)


def receive(request: Request, snapshot: Snapshot, ports: Ports) -> Receipt:
    """Take a request in. When this returns, every event in it is durable.

    Raises:
        SenderError: nothing in the request could be accepted.
        BusyError: an event may not have been written; the sender has to send it again.
    """
    check_size(request)
    source = authenticate(request, snapshot)
    drafts = normalise(parse(request.body), source)
    rejected = [draft for draft in drafts if isinstance(draft, SenderError)]
    events = [draft for draft in drafts if isinstance(draft, Event)]
    if rejected and not events:
        raise rejected[0]
    outcomes = _each(events, source, snapshot, ports)
    return Receipt(
        received=len(outcomes),
        duplicates=sum(1 for _, known in outcomes if known),
        matched=sum(1 for record, _ in outcomes if record.starts),
        executions=[name for record, _ in outcomes for name in record.executions],
        rejected=rejected,
    )


def _each(events: list[Event], source: Source, snapshot: Snapshot, ports: Ports) -> list[tuple[Record, bool]]:
    deadline = ports.clock() + SECONDS_FOR_STARTS

    def take(event: Event) -> tuple[Record, bool]:
        return _take(event, source, snapshot, ports, deadline)

    if len(events) <= 1:
        return [take(event) for event in events]
    with ThreadPoolExecutor(min(WORKERS, len(events))) as pool:
        return list(pool.map(take, events))


def _take(event: Event, source: Source, snapshot: Snapshot, ports: Ports, deadline: float) -> tuple[Record, bool]:
    fired, verdicts = match(event, snapshot)
    record = new_record(event, source, fired, verdicts, ports.clock())
    standing = ports.ledger.record(record)
    current = record if standing is None else standing
    if not current.done:
        if ports.clock() < deadline:
            drive_or_hand_over(current, ports)
        else:
            hand_over(current.key, ports)
    return current, standing is not None
