"""At most `limit` executions at once, per trigger and key.

A start takes a slot before its execution begins; the slot is released when Step Functions reports the end. Waiting
starts queue in the policy state. Their events stay unfinished in the ledger, so a crash loses nothing: the next attempt
finds the granted slot or the place in the queue.
"""

from dataclasses import dataclass, replace
from typing import Any

from aftertrain.ingest.event_key import EventKey
from aftertrain.ingest.policies.decision import (
    DISABLED,
    PASS,
    PolicyDecision,
    State,
    Ticket,
    Transition,
    recall_answer,
    remember_answer,
)
from aftertrain.model.policy import Concurrency

TAKEN = "a newer event replaced it"
MAX_WAITING = 1000  # later starts are not listed; they retry in no particular order


@dataclass(frozen=True, slots=True)
class SlotClaim:
    """A start that holds a slot, or waits for one."""

    name: str
    machine_arn: str
    event_key: EventKey

    @classmethod
    def read(cls, item: list[str]) -> "SlotClaim":
        """Read what `item` wrote."""
        return cls(item[0], item[1], EventKey(item[2], item[3]))

    def item(self) -> list[str]:
        """A compact form: one state holds many claims."""
        return [self.name, self.machine_arn, self.event_key.source_id, self.event_key.event_id]


def decide(state: State, ticket: Ticket, policy: Concurrency) -> Transition:
    """Grant a slot, a place in the queue, or neither."""
    answer = recall_answer(state, ticket.name)
    if answer == "started":
        return state, PASS
    if answer is not None:
        return state, _final_decision(answer, policy)
    granted_before = state.get("granted", [])
    state = _grant_free_slots(state | {"limit": policy.limit})
    woken = _newly_granted(state, [*granted_before, ticket.name])
    state, decision = _claim_slot(state, ticket, policy)
    return state, replace(decision, wakes=decision.wakes + woken)


def _claim_slot(state: State, ticket: Ticket, policy: Concurrency) -> Transition:
    running, waiting = claims(state, "running"), claims(state, "waiting")
    if any(claim.name == ticket.name for claim in running):
        unclaimed = [name for name in state.get("granted", []) if name != ticket.name]
        return state | {"granted": unclaimed}, replace(PASS, stops=_stops(state))
    if any(claim.name == ticket.name for claim in waiting):
        return state, _queue_decision(running, policy)
    new_claim = SlotClaim(ticket.name, ticket.machine_arn, ticket.event_key)
    if len(running) < policy.limit and not waiting:
        return _with_claims(state, running=[*running, new_claim]), PASS
    return _full(state, new_claim, policy, running, waiting)


def _full(
    state: State, new_claim: SlotClaim, policy: Concurrency, running: list[SlotClaim], waiting: list[SlotClaim]
) -> Transition:
    match policy.on_full:
        case "skip":
            return remember_answer(state, new_claim.name, "skipped"), _final_decision("skipped", policy)
        case "cancel":
            count = len(running) - policy.limit + 1
            oldest, remaining = running[:count], running[count:]
            state = _with_claims(state, running=[*remaining, new_claim], stopping=[*claims(state, "stopping"), *oldest])
            for claim in oldest:
                state = remember_answer(state, claim.name, "replaced")
            return state, replace(PASS, stops=_stops(state), wakes=tuple(claim.event_key for claim in oldest))
        case "replace":
            for claim in waiting:
                state = remember_answer(state, claim.name, "replaced")
            woken = tuple(claim.event_key for claim in waiting)
            return _with_claims(state, waiting=[new_claim]), replace(_queue_decision(running, policy), wakes=woken)
        case "queue":
            listed = [*waiting, new_claim] if len(waiting) < MAX_WAITING else waiting
            return _with_claims(state, waiting=listed), _queue_decision(running, policy)


def release(state: State, ended: frozenset[str]) -> tuple[State, tuple[EventKey, ...]]:
    """Release the slots of executions that ended; returns the events that now get a slot.

    Repeating it is harmless, and wakes events again that have not used their slot yet, because a wake-up can get lost.
    """
    for claim in claims(state, "running"):
        if claim.name in ended:
            state = remember_answer(state, claim.name, "started")
    state = state | {"granted": [name for name in state.get("granted", []) if name not in ended]}
    kinds = ("running", "stopping", "waiting")
    remaining = {kind: [claim for claim in claims(state, kind) if claim.name not in ended] for kind in kinds}
    state = _grant_free_slots(_with_claims(state, **remaining))
    granted = state.get("granted", [])
    return state, tuple(claim.event_key for claim in claims(state, "running") if claim.name in granted)


def forfeit(state: State, name: str, outcome: str = "replaced") -> tuple[State, tuple[EventKey, ...]]:
    """End the claim of a start that will never happen; the start is refused if it asks again.

    This also holds for a start without a claim: another caller may be about to claim a slot for it, or to start it.
    """
    state, woken = release(state, frozenset({name}))
    return remember_answer(state, name, outcome), woken


def withdraw(state: State, name: str) -> Transition:
    """Withdraw a start's claim, unless another caller has already used its slot.

    That caller either starts the execution or has crashed, and nobody can tell which, so the start passes here too. So
    does one that began and ended since it was last looked up.
    """
    claimed = any(claim.name == name for claim in claims(state, "running"))
    if recall_answer(state, name) == "started" or (claimed and name not in state.get("granted", [])):
        return state, PASS
    state, woken = forfeit(state, name, DISABLED.verdict)
    return state, with_wake_ups(DISABLED, woken)


def note_stopped(state: State, names: frozenset[str]) -> State:
    """Forget executions that were stopped or never began, so the next start does not stop them again."""
    return _with_claims(state, stopping=[claim for claim in claims(state, "stopping") if claim.name not in names])


def claims(state: State, kind: str) -> list[SlotClaim]:
    """The claims of one kind: running, waiting, or to be stopped."""
    return [SlotClaim.read(item) for item in state.get(kind, [])]


def is_cancelled(state: State, name: str) -> bool:
    """Whether an execution lost its slot before it started."""
    return recall_answer(state, name) in ("replaced", DISABLED.verdict)


def with_wake_ups(decision: PolicyDecision, keys: tuple[EventKey, ...]) -> PolicyDecision:
    """A decision that also wakes other events."""
    return replace(decision, wakes=keys)


def _grant_free_slots(state: State) -> State:
    """Grant free slots to waiting starts, in order."""
    running, waiting = claims(state, "running"), claims(state, "waiting")
    free = max(0, state.get("limit", 1) - len(running))
    if not free or not waiting:
        return state
    granted = [*state.get("granted", []), *(claim.name for claim in waiting[:free])]
    return _with_claims(state | {"granted": granted}, running=[*running, *waiting[:free]], waiting=waiting[free:])


def _newly_granted(state: State, granted_before: list[str]) -> tuple[EventKey, ...]:
    """The events that were granted a slot just now, because the limit was raised."""
    granted = set(state.get("granted", [])).difference(granted_before)
    return tuple(claim.event_key for claim in claims(state, "running") if claim.name in granted)


def _with_claims(state: State, **claims_by_kind: list[SlotClaim]) -> State:
    return state | {kind: [claim.item() for claim in entries] for kind, entries in claims_by_kind.items()}


def _stops(state: State) -> tuple[tuple[str, str], ...]:
    return tuple((claim.machine_arn, claim.name) for claim in claims(state, "stopping"))


def _queue_decision(running: list[SlotClaim], policy: Concurrency) -> PolicyDecision:
    names = [claim.name for claim in running]
    return PolicyDecision("queued", "concurrency", f"fewer than {policy.limit} at once", names, final=False)


def _final_decision(outcome: Any, policy: Concurrency) -> PolicyDecision:
    if outcome == DISABLED.verdict:
        return DISABLED
    reason = TAKEN if outcome == "replaced" else "all slots are taken"
    return PolicyDecision(outcome, "concurrency", f"at most {policy.limit} at once", reason)
