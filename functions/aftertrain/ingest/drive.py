"""Record -> started executions, and the record is done.

Safe to run by anyone, any number of times, at the same time: names are deterministic, policies say again what they have
said, and the ledger's `done` can be repeated. That is why there is no lease and no lock.
"""

from aftertrain.errors import BusyError
from aftertrain.ingest.event_key import EventKey
from aftertrain.ingest.event_record import ACCEPTED, EventRecord, Start
from aftertrain.ingest.handover import hand_over
from aftertrain.ingest.ports import IngestPorts, StartRefusedError
from aftertrain.ingest.verdict import Verdict
from aftertrain.model.policy import Policies

MAX_DELAY = 900.0  # of a message in the queue
UNBOUND = Policies()


def drive(record: EventRecord, ports: IngestPorts) -> list[Verdict]:
    """Start everything that a record asks for, as far as policies let it; returns what was decided.

    Raises:
        BusyError: something could not be started now; the record stays as it is and may be driven again.
    """
    verdicts: list[Verdict] = []
    busy: list[BusyError] = []
    due_times: list[float] = []
    for start in record.starts:
        previous = record.verdict_of(start.trigger_id)
        if previous is not None and previous.final:
            verdicts.append(previous)
            continue
        try:
            verdict, retry_at = _settle(start, record, ports)
        except BusyError as error:
            busy.append(error)  # one start that cannot be made must not keep the others from being made
            continue
        verdicts.append(verdict)
        due_times += [retry_at] if retry_at is not None else []
    if busy:
        raise busy[0]
    _save_verdicts(record.key, verdicts, due_times, ports)
    return verdicts


def redrive(key: EventKey, ports: IngestPorts) -> list[Verdict] | None:
    """Go on with a record that was left behind, or held; one that is done already costs a read.

    Returns: what was decided, or None if there was nothing to do.
    Raises: BusyError as `drive` does.
    """
    record = ports.ledger.get(key)
    if record is None or record.done:
        return None
    verdicts = drive(record, ports)
    if any(verdict.verdict == "queued" for verdict in verdicts):
        from aftertrain.ingest.settle import reclaim_for_queued  # see `_settle`

        reclaim_for_queued(record, verdicts, ports)
    return verdicts


def drive_or_hand_over(record: EventRecord, ports: IngestPorts) -> list[Verdict]:
    """Drive a record within a request: what cannot be done now goes to the queue, and at the latest to the sweeper."""
    try:
        return drive(record, ports)
    except BusyError:
        hand_over(record.key, ports.redrives)
        return []


def _save_verdicts(key: EventKey, verdicts: list[Verdict], due_times: list[float], ports: IngestPorts) -> None:
    if all(verdict.final for verdict in verdicts):
        ports.ledger.done(key, [verdict for verdict in verdicts if verdict.verdict != "started"])
        return
    now = ports.clock()
    ports.ledger.hold(key, verdicts, min(due_times, default=None))
    delay = max(min(due_times, default=now) - now, 0.0) + 1.0
    if due_times and delay <= MAX_DELAY:  # what is due later is found by the sweeper, to the minute
        hand_over(key, ports.redrives, delay)


def _settle(start: Start, record: EventRecord, ports: IngestPorts) -> tuple[Verdict, float | None]:
    """What becomes of one start, and when to ask again if it is held until a time."""
    if start.policies == UNBOUND:
        return _start_unbound(start, record, ports), None
    from aftertrain.ingest.settle import settle  # a cold start pays for policies only where there are some

    return settle(start, record, ports)


def _start_unbound(start: Start, record: EventRecord, ports: IngestPorts) -> Verdict:
    try:
        ports.starter.start(start.pipeline.machine_arn, start.name, start.input(record.event, {}))
    except StartRefusedError as error:
        return Verdict(start.trigger_id, "failed", "start", ACCEPTED, error.message)
    return Verdict(start.trigger_id, "started", execution=start.name)
