"""A policy -> its decision, kept: a gate is changed by a write that fails if somebody else was faster."""

from collections.abc import Callable

from aftertrain.errors import BusyError
from aftertrain.ingest.policies.decision import Answer, Decision, State
from aftertrain.ingest.ports import Gates

TRIES = 8  # of a gate that others change at the same time; then the queue goes on


def ask(gate: str, decide: Callable[[State], Answer], gates: Gates) -> Decision:
    """Ask with what stands there until the answer could be kept.

    Raises: BusyError if others are faster again and again, or the gate cannot be reached.
    """
    for _ in range(TRIES):
        standing = gates.get(gate)
        state, decision = decide(standing.state)
        if state == standing.state or gates.put(gate, state, standing.revision):
            return decision
    raise BusyError(f"the gate {gate} is changed by too many at once")
