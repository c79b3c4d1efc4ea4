"""Record -> started executions, and the record is done.

Safe to run by anyone, any number of times, at the same time: names are deterministic, policies say again what they have
said, and the ledger's `done` can be repeated. That is why there is no lease and no lock.
"""

from aftertrain.errors import BusyError
from aftertrain.ingest.handover import hand_over
from aftertrain.ingest.key import EventKey
from aftertrain.ingest.ports import Ports, RefusedError
from aftertrain.ingest.record import ACCEPTED, Record, Start
from aftertrain.ingest.verdict import Verdict
from aftertrain.model.policy import Policies

MAX_DELAY = 900.0  # of a message in the queue
UNBOUND = Policies()


def drive(record: Record, ports: Ports) -> list[Verdict]:
    """Start everything that a record asks for, as far as policies let it; returns what was decided.

    Raises:
        BusyError: something could not be started now; the record stays as it is and may be driven again.
    """
    verdicts: list[Verdict] = []
    busy: list[BusyError] = []
    until: list[float] = []
    for start in record.starts:
        standing = record.verdict_of(start.trigger_id)
        if standing is not None and standing.final:
            verdicts.append(standing)
            continue
        try:
            verdict, again = _settle(start, record, ports)
        except BusyError as error:
            busy.append(error)  # one start that cannot be made must not keep the others from being made
            continue
        verdicts.append(verdict)
        until += [again] if again is not None else []
    if busy:
        raise busy[0]
    _keep(record.key, verdicts, until, ports)
    return verdicts


def redrive(key: EventKey, ports: Ports) -> list[Verdict] | None:
    """Go on with a record that was left behind, or held; one that is done already costs a read.

    Returns: what was decided, or None if there was nothing to do.
    Raises: BusyError as `drive` does.
    """
    record = ports.ledger.get(key)
    if record is None or record.done:
        return None
    verdicts = drive(record, ports)
    if any(verdict.verdict == "queued" for verdict in verdicts):
        from aftertrain.ingest.bound import heal_queued  # see `_settle`

        heal_queued(record, verdicts, ports)
    return verdicts


def drive_or_hand_over(record: Record, ports: Ports) -> list[Verdict]:
    """Drive a record within a request: what cannot be done now goes to the queue, and at the latest to the sweeper."""
    try:
        return drive(record, ports)
    except BusyError:
        hand_over(record.key, ports.redrives)
        return []


def _keep(key: EventKey, verdicts: list[Verdict], until: list[float], ports: Ports) -> None:
    if all(verdict.final for verdict in verdicts):
        ports.ledger.done(key, [verdict for verdict in verdicts if verdict.verdict != "started"])
        return
    now = ports.clock()
    ports.ledger.hold(key, verdicts, min(until, default=None))
    delay = max(min(until, default=now) - now, 0.0) + 1.0
    if until and delay <= MAX_DELAY:  # what is due later is found by the sweeper, to the minute
        hand_over(key, ports.redrives, delay)


def _settle(start: Start, record: Record, ports: Ports) -> tuple[Verdict, float | None]:
    """What becomes of one start, and when to ask again if it is held until a time."""
    if start.policies == UNBOUND:
        return _plain(start, record, ports), None
    from aftertrain.ingest.bound import settle  # a cold start pays for policies only where there are some

    return settle(start, record, ports)


def _plain(start: Start, record: Record, ports: Ports) -> Verdict:
    try:
        ports.starter.start(start.pipeline.machine_arn, start.name, start.input(record.event, {}))
    except RefusedError as error:
        return Verdict(start.trigger_id, "failed", "start", ACCEPTED, error.message)
    return Verdict(start.trigger_id, "started", execution=start.name)
