"""A start with policies -> its verdict: held, ended, or started with everything that belongs to it."""

from collections.abc import Callable
from functools import partial

from aftertrain.errors import BusyError
from aftertrain.ingest.admit import admit, holding_policies, last_policy, slot_key_of
from aftertrain.ingest.compare_and_set import compare_and_set
from aftertrain.ingest.event_record import ACCEPTED, EventRecord, Start
from aftertrain.ingest.handover import hand_over
from aftertrain.ingest.map_params import ParamError
from aftertrain.ingest.policies.concurrency import TAKEN
from aftertrain.ingest.policies.decision import DISABLED, PASS, PolicyDecision, State, Transition, conclude
from aftertrain.ingest.ports import IngestPorts, StartRefusedError
from aftertrain.ingest.slots import (
    abandon_slot,
    note_stopped,
    reclaim_slots,
    release_slots,
    stop_if_cancelled,
    withdraw_claim,
)
from aftertrain.ingest.verdict import Verdict
from aftertrain.model.trigger import Trigger


def settle(start: Start, record: EventRecord, ports: IngestPorts) -> tuple[Verdict, float | None]:
    """The verdict of one start, and the time at which to decide again if it is held.

    Raises: BusyError
    """
    previous = record.verdict_of(start.trigger_id)
    if previous is not None and ports.current is not None:
        trigger = ports.current(start.trigger_id)
        if trigger is not None:
            start = _with_current_limit(start, trigger)
        elif (disabled := _end_if_disabled(start, record, ports)) is not None:
            return _verdict(start, disabled), None
    decision = admit(start, record, ports)
    for key in decision.wakes:
        hand_over(key, ports.redrives)
    if decision.passes:
        decision = _begin(start, decision, record, ports)
    elif decision.final:
        decision = _end(start, decision, record, ports)
    if decision.final:
        for state_key in decision.state_keys:
            compare_and_set(state_key, lambda state: (conclude(state, start.name), PASS), ports.policy_states)
    return _verdict(start, decision), decision.until


def _end_if_disabled(start: Start, record: EventRecord, ports: IngestPorts) -> PolicyDecision | None:
    """End a held start whose trigger was disabled or deleted. A start that already ran keeps its verdict.

    None if the start was let pass: another caller may be starting it right now.
    """
    started = ports.starter.running(start.pipeline.machine_arn, start.name) is not None
    if not started and not _withdraw(start, record, ports):
        return None
    for state_key, forget_start in holding_policies(start, record.event):
        compare_and_set(
            state_key, partial(_forget, conclude if started else forget_start, start.name), ports.policy_states
        )
    return PASS if started else DISABLED


def _withdraw(start: Start, record: EventRecord, ports: IngestPorts) -> bool:
    """Withdraw the start from its last policy; returns whether it will never happen."""
    if (slot := slot_key_of(start, record.event)) is not None:
        return withdraw_claim(slot, start.name, ports)
    if (last := last_policy(start, record.event)) is None:
        return True
    state_key, end = last
    return not compare_and_set(state_key, lambda state: end(state, start.name), ports.policy_states).passes


def _forget(forget: Callable[[State, str], State], name: str, state: State) -> Transition:
    return forget(state, name), PASS


def _with_current_limit(start: Start, trigger: Trigger) -> Start:
    """The start with its trigger's current limit, which may differ from the limit when the event arrived."""
    recorded, current = start.policies.concurrency, trigger.policies.concurrency
    if recorded is None or current is None:
        return start
    return start._replace(policies=start.policies._replace(concurrency=recorded._replace(limit=current.limit)))


def reclaim_for_queued(record: EventRecord, verdicts: list[Verdict], ports: IngestPorts) -> None:
    """Reclaim slots for which a record waits; a slot that cannot be checked now is checked next time."""
    queued = {verdict.trigger_id for verdict in verdicts if verdict.verdict == "queued"}
    for start in record.starts:
        slot = slot_key_of(start, record.event)
        if slot is not None and start.trigger_id in queued:
            try:
                reclaim_slots(slot, ports)
            except BusyError:
                return


def _begin(start: Start, decision: PolicyDecision, record: EventRecord, ports: IngestPorts) -> PolicyDecision:
    slot, machine = slot_key_of(start, record.event), start.pipeline.machine_arn
    for execution in decision.stops:
        ports.starter.stop(*execution, TAKEN)
    if slot is not None and decision.stops:
        note_stopped(slot, frozenset(name for _, name in decision.stops), ports)
    try:
        started = ports.starter.start(machine, start.name, start.input(record.event, decision.input, slot))
    except ParamError as error:
        return _fail(start, slot, error.field or "params", error.message, decision, ports)
    except StartRefusedError as error:
        return _fail(start, slot, "start", error.message, decision, ports)
    if slot is None:
        return decision
    if not started and ports.starter.running(machine, start.name) is False:
        release_slots(slot, frozenset({start.name}), ports)
    elif stop_if_cancelled(slot, machine, start.name, ports.policy_states, ports.starter):
        return PolicyDecision("replaced", "concurrency", "its slot", TAKEN, state_keys=decision.state_keys)
    return decision


def _fail(
    start: Start, slot: str | None, clause: str, reason: str, decision: PolicyDecision, ports: IngestPorts
) -> PolicyDecision:
    if slot is not None:
        abandon_slot(slot, start.name, ports)
    return PolicyDecision(
        "failed", clause, ACCEPTED if clause == "start" else "a value", reason, state_keys=decision.state_keys
    )


def _end(start: Start, decision: PolicyDecision, record: EventRecord, ports: IngestPorts) -> PolicyDecision:
    """Make sure that an ended start does not run and holds no slot.

    Only `order` and `concurrency` end a start they had let pass: a newer event arrived meanwhile.
    """
    slot, machine = slot_key_of(start, record.event), start.pipeline.machine_arn
    if decision.verdict == "replaced":
        ports.starter.stop(machine, start.name, TAKEN)
    if decision.clause != "order":
        return decision
    running = ports.starter.running(machine, start.name)
    if running is None and slot is not None:
        abandon_slot(slot, start.name, ports)
    if running is False and slot is not None:
        release_slots(slot, frozenset({start.name}), ports)
    # An execution that runs, or ran, was the newest when it began; its caller crashed before it could record that.
    return decision if running is None else PolicyDecision("started", state_keys=decision.state_keys)


def _verdict(start: Start, decision: PolicyDecision) -> Verdict:
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
