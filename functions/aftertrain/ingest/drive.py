"""Record -> started executions; the record is marked done.

Any number of callers may drive the same record at the same time. Names are deterministic, policies repeat their
decisions, and marking a record done twice is harmless. Therefore no lease and no lock is needed.
"""

from aftertrain.errors import BusyError
from aftertrain.ingest.event_key import EventKey
from aftertrain.ingest.event_record import ACCEPTED, EventRecord, Start
from aftertrain.ingest.handover import hand_over
from aftertrain.ingest.ports import IngestPorts, StartRefusedError
from aftertrain.ingest.verdict import Verdict
from aftertrain.model.policy import Policies

MAX_DELAY = 900.0  # seconds; the longest delay of a message in SQS
UNBOUND = Policies()


def drive(record: EventRecord, ports: IngestPorts) -> list[Verdict]:
    """Start every execution that a record asks for and policies allow; returns the verdicts.

    Raises:
        BusyError: a start failed for now. The record is unchanged and can be driven again.
    """
    busy: list[BusyError] = []
    due_times: list[float] = []
    starts, verdicts = _starts_and_verdicts(record, ports)
    for start in starts:
        previous = record.verdict_of(start.trigger_id)
        if previous is not None and previous.final:
            verdicts.append(previous)
            continue
        try:
            verdict, retry_at = _settle(start, record, ports)
        except BusyError as error:
            busy.append(error)  # one failed start must not stop the others
            continue
        verdicts.append(verdict)
        due_times += [retry_at] if retry_at is not None else []
    if busy:
        raise busy[0]
    _save_verdicts(record.key, verdicts, due_times, ports)
    return verdicts


def _starts_and_verdicts(record: EventRecord, ports: IngestPorts) -> tuple[list[Start], list[Verdict]]:
    """The starts of a record, with those of triggers that could not be read before, and the verdicts on the others."""
    if not record.unread:
        return [*record.starts], []
    if ports.snapshot is None:
        return [*record.starts], record.unread
    from aftertrain.ingest.read_again import read_again  # rare, and not worth its time at a cold start

    found = read_again(record, ports.snapshot())
    read = [each for each in found if isinstance(each, Start)]
    return [*record.starts, *read], [each for each in found if isinstance(each, Verdict)]


def redrive(key: EventKey, ports: IngestPorts) -> list[Verdict] | None:
    """Finish a record that was left behind or held. A record that is done costs one read.

    Returns: the verdicts, or None if nothing was left to do.
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
    """Drive a record within a request; unfinished work goes to the queue, and at the latest to the sweeper."""
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
    if due_times and delay <= MAX_DELAY:  # the sweeper finds later ones, to the minute
        hand_over(key, ports.redrives, delay)


def _settle(start: Start, record: EventRecord, ports: IngestPorts) -> tuple[Verdict, float | None]:
    """The verdict of one start, and the time at which to decide again if it is held."""
    if start.policies == UNBOUND:
        return _start_unbound(start, record, ports), None
    from aftertrain.ingest.settle import settle  # only triggers with policies pay for this import at a cold start

    return settle(start, record, ports)


def _start_unbound(start: Start, record: EventRecord, ports: IngestPorts) -> Verdict:
    try:
        ports.starter.start(start.pipeline.machine_arn, start.name, start.input(record.event, {}))
    except StartRefusedError as error:
        return Verdict(start.trigger_id, "failed", "start", ACCEPTED, error.message)
    return Verdict(start.trigger_id, "started", execution=start.name)
