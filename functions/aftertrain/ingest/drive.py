"""Record -> started executions, and the record is done.

Safe to run by anyone, any number of times, at the same time: names are deterministic, policies say again what they have
said, and the ledger's `done` can be repeated. That is why there is no lease and no lock.
"""

from aftertrain.errors import BusyError
from aftertrain.ingest.admit import admit, slot_of
from aftertrain.ingest.ask import ask
from aftertrain.ingest.handover import hand_over
from aftertrain.ingest.key import EventKey
from aftertrain.ingest.policies.concurrency import TAKEN
from aftertrain.ingest.policies.decision import PASS, Decision, concluded
from aftertrain.ingest.ports import Ports, RefusedError
from aftertrain.ingest.record import Record, Start
from aftertrain.ingest.slots import give_back, heal, stop_if_cancelled
from aftertrain.ingest.verdict import Verdict
from aftertrain.model.policy import Policies

LOOK_AGAIN_SECONDS = 60.0  # at what is held without a time of its own; then ever more rarely
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
    for start in record.starts:
        standing, slot = record.verdict_of(start.trigger_id), slot_of(start, record.event)
        if slot is not None and standing is not None and standing.verdict == "queued":
            heal(slot, ports)
    return drive(record, ports)


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
    ports.ledger.hold(key, verdicts, min(until, default=now + LOOK_AGAIN_SECONDS))
    if until:
        hand_over(key, ports.redrives, min(max(min(until) - now, 0.0) + 1.0, MAX_DELAY))


def _settle(start: Start, record: Record, ports: Ports) -> tuple[Verdict, float | None]:
    """What becomes of one start, and when to ask again if it is held until a time."""
    decision = PASS if start.policies == UNBOUND else admit(start, record, ports)
    for key in decision.wakes:
        hand_over(key, ports.redrives)
    if decision.final and not decision.passes:
        decision = _end(start, decision, record, ports)
    verdict = _begin(start, decision, record, ports) if decision.passes else _verdict(start, decision)
    return verdict, decision.until


def _begin(start: Start, decision: Decision, record: Record, ports: Ports) -> Verdict:
    slot = slot_of(start, record.event)
    machine = start.pipeline.machine_arn
    for other in decision.stops:
        ports.starter.stop(*other, TAKEN)
    try:
        begun = ports.starter.start(machine, start.name, start.input(record.event, decision.input, slot))
    except RefusedError as error:
        refused = Decision("failed", "start", "Step Functions accepts it", error.message, gates=decision.gates)
        decision, begun = refused, False
    for gate in decision.gates:
        ask(gate, lambda state: (concluded(state, start.name), PASS), ports.gates)
    if slot is not None and not begun:  # it is over, or will never begin
        give_back(slot, frozenset({start.name}), ports)
    elif slot is not None and stop_if_cancelled(slot, machine, start.name, ports.gates, ports.starter):
        decision = Decision("replaced", "concurrency", "its slot", TAKEN)
    return _verdict(start, decision)


def _end(start: Start, decision: Decision, record: Record, ports: Ports) -> Decision:
    """See to it that what must not start has not started, and holds no slot."""
    slot, machine = slot_of(start, record.event), start.pipeline.machine_arn
    if decision.clause == "order" and ports.starter.running(machine, start.name) is not None:
        return PASS  # it began when it was the newest, and whoever began it could not say so any more
    if decision.clause == "concurrency" and decision.verdict == "replaced":
        ports.starter.stop(machine, start.name, TAKEN)
    elif slot is not None:
        give_back(slot, frozenset({start.name}), ports)
    return decision


def _verdict(start: Start, decision: Decision) -> Verdict:
    execution = start.name if decision.passes else decision.execution
    return Verdict(
        start.trigger_id,
        decision.verdict,
        decision.clause,
        decision.expected,
        decision.actual,
        execution,
        decision.final,
    )
