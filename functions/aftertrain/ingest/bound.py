"""A start that policies have a say in -> its verdict: held, ended, or begun with all that belongs to it."""

from collections.abc import Callable
from functools import partial

from aftertrain.errors import BusyError
from aftertrain.ingest.admit import admit, last_asked, slot_of, waited_at
from aftertrain.ingest.ask import ask
from aftertrain.ingest.handover import hand_over
from aftertrain.ingest.params import ParamError
from aftertrain.ingest.policies.concurrency import TAKEN
from aftertrain.ingest.policies.decision import DISABLED, PASS, Answer, Decision, State, concluded
from aftertrain.ingest.ports import Ports, RefusedError
from aftertrain.ingest.record import ACCEPTED, Record, Start
from aftertrain.ingest.slots import give_back, give_up, heal, note_stopped, stop_if_cancelled, withdraw
from aftertrain.ingest.verdict import Verdict
from aftertrain.model.trigger import Trigger


def settle(start: Start, record: Record, ports: Ports) -> tuple[Verdict, float | None]:
    """What becomes of one start, and when to ask again if it is held until a time.

    Raises: BusyError
    """
    waited = record.verdict_of(start.trigger_id)
    if waited is not None and ports.current is not None:
        trigger = ports.current(start.trigger_id)
        if trigger is not None:
            start = _bounded_as_now(start, trigger)
        elif (told := _disabled(start, record, ports)) is not None:
            return _verdict(start, told), None
    decision = admit(start, record, ports)
    for key in decision.wakes:
        hand_over(key, ports.redrives)
    if decision.passes:
        decision = _begin(start, decision, record, ports)
    elif decision.final:
        decision = _end(start, decision, record, ports)
    if decision.final:
        for gate in decision.gates:
            ask(gate, lambda state: (concluded(state, start.name), PASS), ports.gates)
    return _verdict(start, decision), decision.until


def _disabled(start: Start, record: Record, ports: Ports) -> Decision | None:
    """What waits of a trigger that is not there any more, or is off, does not start; what did, did.

    None for what has been let pass: somebody may be starting it in this moment.
    """
    begun = ports.starter.running(start.pipeline.machine_arn, start.name) is not None
    if not begun and not _withdrawn(start, record, ports):
        return None
    for gate, withdrawn in waited_at(start, record.event):
        ask(gate, partial(_forgotten, concluded if begun else withdrawn, start.name), ports.gates)
    return PASS if begun else DISABLED


def _withdrawn(start: Start, record: Record, ports: Ports) -> bool:
    """Whether the start will never be made: the gate that it passes last decides."""
    if (slot := slot_of(start, record.event)) is not None:
        return withdraw(slot, start.name, ports)
    if (asked := last_asked(start, record.event)) is None:
        return True
    gate, end = asked
    return not ask(gate, lambda state: end(state, start.name), ports.gates).passes


def _forgotten(forget: Callable[[State, str], State], name: str, state: State) -> Answer:
    return forget(state, name), PASS


def _bounded_as_now(start: Start, trigger: Trigger) -> Start:
    """How many may run at once is not what it was when the event came."""
    before, now = start.policies.concurrency, trigger.policies.concurrency
    if before is None or now is None:
        return start
    return start._replace(policies=start.policies._replace(concurrency=before._replace(limit=now.limit)))


def heal_queued(record: Record, verdicts: list[Verdict], ports: Ports) -> None:
    """See to it that what a record waits for is still there; what cannot be seen now is looked at the next time."""
    queued = {verdict.trigger_id for verdict in verdicts if verdict.verdict == "queued"}
    for start in record.starts:
        slot = slot_of(start, record.event)
        if slot is not None and start.trigger_id in queued:
            try:
                heal(slot, ports)
            except BusyError:
                return


def _begin(start: Start, decision: Decision, record: Record, ports: Ports) -> Decision:
    slot, machine = slot_of(start, record.event), start.pipeline.machine_arn
    for other in decision.stops:
        ports.starter.stop(*other, TAKEN)
    if slot is not None and decision.stops:
        note_stopped(slot, frozenset(name for _, name in decision.stops), ports)
    try:
        begun = ports.starter.start(machine, start.name, start.input(record.event, decision.input, slot))
    except ParamError as error:
        return _failed(start, slot, error.field or "params", error.message, decision, ports)
    except RefusedError as error:
        return _failed(start, slot, "start", error.message, decision, ports)
    if slot is None:
        return decision
    if not begun and ports.starter.running(machine, start.name) is False:
        give_back(slot, frozenset({start.name}), ports)
    elif stop_if_cancelled(slot, machine, start.name, ports.gates, ports.starter):
        return Decision("replaced", "concurrency", "its slot", TAKEN, gates=decision.gates)
    return decision


def _failed(start: Start, slot: str | None, clause: str, why: str, decision: Decision, ports: Ports) -> Decision:
    if slot is not None:
        give_up(slot, start.name, ports)
    return Decision("failed", clause, ACCEPTED if clause == "start" else "a value", why, gates=decision.gates)


def _end(start: Start, decision: Decision, record: Record, ports: Ports) -> Decision:
    """See to it that what must not start has not started, and holds no slot.

    Only `order` and `concurrency` end what they have let pass before: a newer event came meanwhile.
    """
    slot, machine = slot_of(start, record.event), start.pipeline.machine_arn
    if decision.verdict == "replaced":
        ports.starter.stop(machine, start.name, TAKEN)
    if decision.clause != "order":
        return decision
    running = ports.starter.running(machine, start.name)
    if running is None and slot is not None:
        give_up(slot, start.name, ports)
    if running is False and slot is not None:
        give_back(slot, frozenset({start.name}), ports)
    # What runs or ran began when it was the newest, and whoever began it could not say so any more.
    return decision if running is None else Decision("started", gates=decision.gates)


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
