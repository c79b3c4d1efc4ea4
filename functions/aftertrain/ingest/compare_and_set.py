"""A policy -> its decision, kept: a gate is changed by a write that fails if somebody else was faster."""

from collections.abc import Callable

from aftertrain.errors import BusyError
from aftertrain.ingest.policies.decision import PolicyDecision, State, Transition
from aftertrain.ingest.ports import PolicyStates

TRIES = 8  # of a gate that others change at the same time; then the queue goes on


def compare_and_set(state_key: str, decide: Callable[[State], Transition], states: PolicyStates) -> PolicyDecision:
    """Ask with what stands there until the answer could be kept.

    Raises: BusyError if others are faster again and again, or the gate cannot be reached.
    """
    for _ in range(TRIES):
        stored = states.get(state_key)
        state, decision = decide(stored.state)
        if state == stored.state or states.put(state_key, state, stored.revision):
            return decision
    raise BusyError(f"the gate {state_key} is changed by too many at once")
