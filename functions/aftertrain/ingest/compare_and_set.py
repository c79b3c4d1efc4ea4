"""Policy state -> decision: the state changes only if nobody else changed it meanwhile."""

from collections.abc import Callable

from aftertrain.errors import BusyError
from aftertrain.ingest.policies.decision import PolicyDecision, State, Transition
from aftertrain.ingest.ports import PolicyStates

TRIES = 8  # attempts at a state that others change at the same time; then the queue retries


def compare_and_set(state_key: str, decide: Callable[[State], Transition], states: PolicyStates) -> PolicyDecision:
    """Decide on the stored state and write the result; start over if another writer was faster.

    Raises: BusyError if others are faster every time, or the state cannot be reached.
    """
    for _ in range(TRIES):
        stored = states.get(state_key)
        state, decision = decide(stored.state)
        if state == stored.state or states.put(state_key, state, stored.revision):
            return decision
    raise BusyError(f"the policy state {state_key} is changed by too many callers at once")
