"""At most so many executions at once, per trigger and key.

A slot is taken before the execution starts and given back when Step Functions says that it ended. What has to wait
stands in the gate, in order; its event stays unfinished in the ledger, so a crash loses nothing: whoever drives it
again finds the slot that it was given, or its place in the queue.
"""

from dataclasses import dataclass, replace
from typing import Any

from aftertrain.ingest.key import EventKey
from aftertrain.ingest.policies.decision import DISABLED, PASS, Answer, Decision, State, Ticket, said, saying
from aftertrain.model.policy import Concurrency

TAKEN = "a newer event took its place"
MAX_WAITING = 1000  # what comes after that many is not listed: it asks again, in no order


@dataclass(frozen=True, slots=True)
class Seat:
    """A start that has a slot, or waits for one."""

    name: str
    machine_arn: str
    event_key: EventKey

    @classmethod
    def read(cls, item: list[str]) -> "Seat":
        """What `item` wrote."""
        return cls(item[0], item[1], EventKey(item[2], item[3]))

    def item(self) -> list[str]:
        """Small: a gate holds many."""
        return [self.name, self.machine_arn, self.event_key.source_id, self.event_key.event_id]


def decide(state: State, ticket: Ticket, policy: Concurrency) -> Answer:
    """Give a slot, a place in the queue, or neither."""
    answer = said(state, ticket.name)
    if answer == "started":
        return state, PASS
    if answer is not None:
        return state, _ended(answer, policy)
    before = state.get("granted", [])
    state = _granted(state | {"limit": policy.limit})
    woken = _fresh(state, [*before, ticket.name])
    state, decision = _seated(state, ticket, policy)
    return state, replace(decision, wakes=decision.wakes + woken)


def _seated(state: State, ticket: Ticket, policy: Concurrency) -> Answer:
    running, waiting = seats(state, "running"), seats(state, "waiting")
    if any(seat.name == ticket.name for seat in running):
        heard = [name for name in state.get("granted", []) if name != ticket.name]
        return state | {"granted": heard}, replace(PASS, stops=_stops(state))
    if any(seat.name == ticket.name for seat in waiting):
        return state, _queued(running, policy)
    own = Seat(ticket.name, ticket.machine_arn, ticket.event_key)
    if len(running) < policy.limit and not waiting:
        return _with(state, running=[*running, own]), PASS
    return _full(state, own, policy, running, waiting)


def _full(state: State, own: Seat, policy: Concurrency, running: list[Seat], waiting: list[Seat]) -> Answer:
    match policy.on_full:
        case "skip":
            return saying(state, own.name, "skipped"), _ended("skipped", policy)
        case "cancel":
            count = len(running) - policy.limit + 1
            oldest, others = running[:count], running[count:]
            state = _with(state, running=[*others, own], stopping=[*seats(state, "stopping"), *oldest])
            for seat in oldest:
                state = saying(state, seat.name, "replaced")
            return state, replace(PASS, stops=_stops(state), wakes=tuple(seat.event_key for seat in oldest))
        case "replace":
            for seat in waiting:
                state = saying(state, seat.name, "replaced")
            woken = tuple(seat.event_key for seat in waiting)
            return _with(state, waiting=[own]), replace(_queued(running, policy), wakes=woken)
        case "queue":
            listed = [*waiting, own] if len(waiting) < MAX_WAITING else waiting
            return _with(state, waiting=listed), _queued(running, policy)


def release(state: State, ended: frozenset[str]) -> tuple[State, tuple[EventKey, ...]]:
    """Give back the slots of executions that ended; returns the events whose turn it is.

    Repeating it is harmless, and wakes those once more that have not come for their slots: a wake-up may be lost.
    """
    for seat in seats(state, "running"):
        if seat.name in ended:
            state = saying(state, seat.name, "started")
    state = state | {"granted": [name for name in state.get("granted", []) if name not in ended]}
    kinds = ("running", "stopping", "waiting")
    left = {kind: [seat for seat in seats(state, kind) if seat.name not in ended] for kind in kinds}
    state = _granted(_with(state, **left))
    granted = state.get("granted", [])
    return state, tuple(seat.event_key for seat in seats(state, "running") if seat.name in granted)


def forfeit(state: State, name: str, word: str = "replaced") -> tuple[State, tuple[EventKey, ...]]:
    """A start that will never be made gives up its slot or its place, and is refused if it asks again.

    Also one that has neither: somebody else may be about to ask for it, or to start it with a slot that it has.
    """
    state, woken = release(state, frozenset({name}))
    return saying(state, name, word), woken


def withdraw(state: State, name: str) -> Answer:
    """A start that is not wanted any more gives up its slot or its place, unless somebody has come for its slot.

    Whoever has will start it, or is dead; nobody can tell which, so that it passes here as well. So does one that has
    begun and ended since it was looked for.
    """
    taken = any(seat.name == name for seat in seats(state, "running"))
    if said(state, name) == "started" or (taken and name not in state.get("granted", [])):
        return state, PASS
    state, woken = forfeit(state, name, DISABLED.verdict)
    return state, waking(DISABLED, woken)


def stopped(state: State, names: frozenset[str]) -> State:
    """Those that have been stopped, or never began, need not be stopped by the next."""
    return _with(state, stopping=[seat for seat in seats(state, "stopping") if seat.name not in names])


def seats(state: State, kind: str) -> list[Seat]:
    """Those that run, that wait, or that are to be stopped."""
    return [Seat.read(item) for item in state.get(kind, [])]


def is_cancelled(state: State, name: str) -> bool:
    """Whether an execution that was seen running had lost its slot before it started."""
    return said(state, name) in ("replaced", DISABLED.verdict)


def waking(decision: Decision, keys: tuple[EventKey, ...]) -> Decision:
    """A decision that has changed others."""
    return replace(decision, wakes=keys)


def _granted(state: State) -> State:
    """Free slots go to those that wait, in their order."""
    running, waiting = seats(state, "running"), seats(state, "waiting")
    free = max(0, state.get("limit", 1) - len(running))
    if not free or not waiting:
        return state
    granted = [*state.get("granted", []), *(seat.name for seat in waiting[:free])]
    return _with(state | {"granted": granted}, running=[*running, *waiting[:free]], waiting=waiting[free:])


def _fresh(state: State, known: list[str]) -> tuple[EventKey, ...]:
    """The events that were given a slot just now: the limit was raised."""
    granted = set(state.get("granted", [])).difference(known)
    return tuple(seat.event_key for seat in seats(state, "running") if seat.name in granted)


def _with(state: State, **given: list[Seat]) -> State:
    return state | {kind: [seat.item() for seat in found] for kind, found in given.items()}


def _stops(state: State) -> tuple[tuple[str, str], ...]:
    return tuple((seat.machine_arn, seat.name) for seat in seats(state, "stopping"))


def _queued(running: list[Seat], policy: Concurrency) -> Decision:
    names = [seat.name for seat in running]
    return Decision("queued", "concurrency", f"fewer than {policy.limit} at once", names, final=False)


def _ended(word: Any, policy: Concurrency) -> Decision:
    if word == DISABLED.verdict:
        return DISABLED
    reason = TAKEN if word == "replaced" else "all slots are taken"
    return Decision(word, "concurrency", f"at most {policy.limit} at once", reason)
