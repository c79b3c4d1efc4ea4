"""Too many starts in too short a time pause the trigger, so that a loop or a broken sender cannot burn GPU hours.

The first start over the limit opens the circuit breaker. From then on events are kept and none starts, until a person
resumes the trigger. Kept events then pass without being counted.
"""

from aftertrain.ingest.event_key import EventKey
from aftertrain.ingest.policies.decision import (
    DISABLED,
    PASS,
    WITHDRAWN,
    PolicyDecision,
    State,
    Ticket,
    Transition,
    recall_answer,
    remember_answer,
    withdraw_unless_passed,
)
from aftertrain.model.policy import Rate

LISTED = 500  # kept events that a resume wakes at once; the sweeper finds the others


def decide(state: State, ticket: Ticket, policy: Rate, now: float) -> Transition:
    """Count a start, or open the breaker."""
    answer = recall_answer(state, ticket.name)
    if answer is not None:
        return state, DISABLED if answer == WITHDRAWN else PASS
    if ticket.received_at <= state.get("resumed_at", 0.0):
        return remember_answer(state, ticket.name, True), PASS
    starts = [started_at for started_at in state.get("starts", []) if started_at > now - policy.per]
    if "paused_at" not in state and len(starts) < policy.limit:
        return remember_answer(state | {"starts": [*starts, now]}, ticket.name, True), PASS
    kept_keys = state.get("kept", [])
    key = [ticket.event_key.source_id, ticket.event_key.event_id]
    if key not in kept_keys and len(kept_keys) < LISTED:
        kept_keys = [*kept_keys, key]
    held = PolicyDecision(
        "paused", "rate", f"at most {policy.limit} starts in {policy.per:g} s", f"{len(starts) + 1}", final=False
    )
    return state | {"paused_at": state.get("paused_at", now), "kept": kept_keys}, held


def withdraw(state: State, name: str) -> Transition:
    """End a held start, unless it was let pass."""
    return withdraw_unless_passed(state, name, passed=recall_answer(state, name) not in (None, WITHDRAWN))


def resume(state: State, now: float) -> tuple[State, tuple[EventKey, ...]]:
    """Close the breaker; returns the kept events."""
    woken = tuple(EventKey(*key) for key in state.get("kept", []))
    return {"said": state.get("said", []), "resumed_at": now, "starts": []}, woken
