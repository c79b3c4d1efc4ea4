"""At most so many executions at once, per trigger and key.

A slot is taken before the execution starts and given back when Step Functions says that it ended. What has to wait
stands in the gate, in order; its event stays unfinished in the ledger, so a crash loses nothing: whoever drives it
again finds the slot that it was given, or its place in the queue.
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

TAKEN = "a newer event took its place"
MAX_WAITING = 1000  # what comes after that many is not listed: it asks again, in no order


@dataclass(frozen=True, slots=True)
class SlotClaim:
    """A start that has a slot, or waits for one."""

    name: str
    machine_arn: str
    event_key: EventKey

    @classmethod
    def read(cls, item: list[str]) -> "SlotClaim":
        """What `item` wrote."""
        return cls(item[0], item[1], EventKey(item[2], item[3]))

    def item(self) -> list[str]:
        """Small: a gate holds many."""
        return [self.name, self.machine_arn, self.event_key.source_id, self.event_key.event_id]


def decide(state: State, ticket: Ticket, policy: Concurrency) -> Transition:
    """Give a slot, a place in the queue, or neither."""
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
    """Give back the slots of executions that ended; returns the events whose turn it is.

    Repeating it is harmless, and wakes those once more that have not come for their slots: a wake-up may be lost.
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
    """A start that will never be made gives up its slot or its place, and is refused if it asks again.

    Also one that has neither: somebody else may be about to ask for it, or to start it with a slot that it has.
    """
    state, woken = release(state, frozenset({name}))
    return remember_answer(state, name, outcome), woken


def withdraw(state: State, name: str) -> Transition:
    """A start that is not wanted any more gives up its slot or its place, unless somebody has come for its slot.

    Whoever has will start it, or is dead; nobody can tell which, so that it passes here as well. So does one that has
    begun and ended since it was looked for.
    """
    claimed = any(claim.name == name for claim in claims(state, "running"))
    if recall_answer(state, name) == "started" or (claimed and name not in state.get("granted", [])):
        return state, PASS
    state, woken = forfeit(state, name, DISABLED.verdict)
    return state, with_wake_ups(DISABLED, woken)


def note_stopped(state: State, names: frozenset[str]) -> State:
    """Those that have been stopped, or never began, need not be stopped by the next."""
    return _with_claims(state, stopping=[claim for claim in claims(state, "stopping") if claim.name not in names])


def claims(state: State, kind: str) -> list[SlotClaim]:
    """Those that run, that wait, or that are to be stopped."""
    return [SlotClaim.read(item) for item in state.get(kind, [])]


def is_cancelled(state: State, name: str) -> bool:
    """Whether an execution that was seen running had lost its slot before it started."""
    return recall_answer(state, name) in ("replaced", DISABLED.verdict)


def with_wake_ups(decision: PolicyDecision, keys: tuple[EventKey, ...]) -> PolicyDecision:
    """A decision that has changed others."""
    return replace(decision, wakes=keys)


def _grant_free_slots(state: State) -> State:
    """Free slots go to those that wait, in their order."""
    running, waiting = claims(state, "running"), claims(state, "waiting")
    free = max(0, state.get("limit", 1) - len(running))
    if not free or not waiting:
        return state
    granted = [*state.get("granted", []), *(claim.name for claim in waiting[:free])]
    return _with_claims(state | {"granted": granted}, running=[*running, *waiting[:free]], waiting=waiting[free:])


def _newly_granted(state: State, granted_before: list[str]) -> tuple[EventKey, ...]:
    """The events that were given a slot just now: the limit was raised."""
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
