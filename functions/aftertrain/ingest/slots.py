"""Slots of `concurrency`: released when an execution ends, and reclaimed if news of the end got lost."""

from collections.abc import Callable

from aftertrain.ingest.compare_and_set import compare_and_set
from aftertrain.ingest.event_key import EventKey
from aftertrain.ingest.policies import concurrency
from aftertrain.ingest.policies.concurrency import SlotClaim
from aftertrain.ingest.policies.decision import PASS, State, Transition
from aftertrain.ingest.ports import IngestPorts, PolicyStates, Starter

LOOKED_AT = 10  # claims, the oldest first; each check is one call of Step Functions


def release_slots(slot: str, ended: frozenset[str], ports: IngestPorts) -> None:
    """Release the slots of executions that ended, and wake the events that get one.

    Raises: BusyError; repeating it is harmless.
    """
    _change(slot, lambda state: concurrency.release(state, ended), ports)


def abandon_slot(slot: str, name: str, ports: IngestPorts) -> None:
    """Give up the slot of a start that will never happen. Raises: BusyError; repeating it is harmless."""
    _change(slot, lambda state: concurrency.forfeit(state, name), ports)


def withdraw_claim(slot: str, name: str, ports: IngestPorts) -> bool:
    """Withdraw a start; returns False if another caller has already used its slot.

    Raises: BusyError; repeating it is harmless.
    """
    answer = compare_and_set(slot, lambda state: concurrency.withdraw(state, name), ports.policy_states)
    _wake(answer.wakes, ports)
    return not answer.passes


def note_stopped(slot: str, names: frozenset[str], ports: IngestPorts) -> None:
    """Record that executions were stopped for their replacement. Raises: BusyError"""
    _change(slot, lambda state: (concurrency.note_stopped(state, names), ()), ports)


def reclaim_slots(slot: str, ports: IngestPorts) -> None:
    """Release the slots of ended executions: news of an end is delivered by best effort and can get lost.

    Raises: BusyError
    """
    state = ports.policy_states.get(slot).state
    running_claims = concurrency.claims(state, "running")
    if len(running_claims) < state.get("limit", 1):
        return
    for claim in running_claims[:LOOKED_AT]:
        running = ports.starter.running(claim.machine_arn, claim.name)
        if running is False:
            release_slots(slot, frozenset({claim.name}), ports)
        elif running is None and _never_started(claim, ports):
            abandon_slot(slot, claim.name, ports)


def stop_if_cancelled(slot: str, machine_arn: str, name: str, states: PolicyStates, starter: Starter) -> bool:
    """Stop an execution that lost its slot while it was being started."""
    if not concurrency.is_cancelled(states.get(slot).state, name):
        return False
    starter.stop(machine_arn, name, concurrency.TAKEN)
    return True


def _never_started(claim: SlotClaim, ports: IngestPorts) -> bool:
    """Whether a start has not happened and never will.

    Only a record that is done settles that. The execution is looked up after reading the record, since it may just have
    started.
    """
    record = ports.ledger.get(claim.event_key)
    decided = record is None or record.done
    return decided and ports.starter.running(claim.machine_arn, claim.name) is None


def _change(slot: str, change: Callable[[State], tuple[State, tuple[EventKey, ...]]], ports: IngestPorts) -> None:
    def decide(state: State) -> Transition:
        state, woken = change(state)
        return state, concurrency.with_wake_ups(PASS, woken)

    _wake(compare_and_set(slot, decide, ports.policy_states).wakes, ports)


def _wake(keys: tuple[EventKey, ...], ports: IngestPorts) -> None:
    for key in keys:
        ports.redrives.send(key)  # if sending fails, the caller repeats the release and wakes again
