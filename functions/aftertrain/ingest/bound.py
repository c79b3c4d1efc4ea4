"""A start that policies have a say in -> its verdict: held, ended, or begun with all that belongs to it."""

from aftertrain.ingest.admit import admit, slot_of
from aftertrain.ingest.ask import ask
from aftertrain.ingest.handover import hand_over
from aftertrain.ingest.policies.concurrency import TAKEN
from aftertrain.ingest.policies.decision import PASS, Decision, concluded
from aftertrain.ingest.ports import Ports, RefusedError
from aftertrain.ingest.record import ACCEPTED, Record, Start
from aftertrain.ingest.slots import give_back, heal, stop_if_cancelled
from aftertrain.ingest.verdict import Verdict


def settle(start: Start, record: Record, ports: Ports) -> tuple[Verdict, float | None]:
    """What becomes of one start, and when to ask again if it is held until a time.

    Raises: BusyError
    """
    decision = admit(start, record, ports)
    for key in decision.wakes:
        hand_over(key, ports.redrives)
    if decision.final and not decision.passes:
        decision = _end(start, decision, record, ports)
    verdict = _begin(start, decision, record, ports) if decision.passes else _verdict(start, decision)
    return verdict, decision.until


def heal_queued(record: Record, ports: Ports) -> None:
    """See to it that what a record waits for is still there. Raises: BusyError"""
    for start in record.starts:
        standing, slot = record.verdict_of(start.trigger_id), slot_of(start, record.event)
        if slot is not None and standing is not None and standing.verdict == "queued":
            heal(slot, ports)


def _begin(start: Start, decision: Decision, record: Record, ports: Ports) -> Verdict:
    slot = slot_of(start, record.event)
    machine = start.pipeline.machine_arn
    for other in decision.stops:
        ports.starter.stop(*other, TAKEN)
    try:
        begun = ports.starter.start(machine, start.name, start.input(record.event, decision.input, slot))
    except RefusedError as error:
        decision, begun = Decision("failed", "start", ACCEPTED, error.message, gates=decision.gates), False
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
    elif slot is not None and decision.clause != "concurrency":
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
