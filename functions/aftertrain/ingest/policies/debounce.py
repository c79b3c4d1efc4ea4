"""Many events in a short time -> one start, once it has been quiet, with all of the events.

The first event of a burst leads it and is held until the burst ends. Events that arrive meanwhile join the burst: the
policy state notes them, and they are done.
"""

from dataclasses import replace
from typing import Any

from aftertrain.ingest.policies.decision import (
    CONCLUDED,
    DISABLED,
    LOOK_AGAIN_SECONDS,
    PASS,
    PolicyDecision,
    State,
    Ticket,
    Transition,
    forget_pass,
    recall_answer,
    recall_pass,
    remember_answer,
    remember_pass,
)
from aftertrain.model.names import canonical_json
from aftertrain.model.policy import Debounce

MAX_EVENTS = 100
MAX_BYTES = 210 * 1024  # of the newest event and the list of all; both are in an execution's input, which holds 256 KiB
KEPT_BURSTS = 4  # ended bursts whose execution may not have started yet


def decide(state: State, ticket: Ticket, policy: Debounce, now: float) -> Transition:
    """Open a burst, join one, or let its first event pass."""
    if (passed_burst := recall_pass(state, ticket.name)) is not None:
        return state, _pass_decision(passed_burst)
    answer = recall_answer(state, ticket.name)
    if answer is not None:
        return state, PASS if answer == CONCLUDED else PolicyDecision("debounced", "debounce", execution=answer[1])
    burst = state.get("burst")
    if burst is None:
        burst = _join_burst({"leader": ticket.name, "first": now, "events": [], "left_out": 0}, ticket, now)
        return state | {"burst": burst}, _hold_decision(burst, policy, now)
    if burst["leader"] != ticket.name:
        answer = ["debounced", burst["leader"]]
        joining = remember_answer(state | {"burst": _join_burst(burst, ticket, now)}, ticket.name, answer)
        return joining, PolicyDecision("debounced", "debounce", execution=burst["leader"])
    if now < _due(burst, policy):
        return state, _hold_decision(burst, policy, now)
    if len(state.get("over", [])) >= KEPT_BURSTS:  # earlier bursts have not started yet: keep collecting
        return state, replace(_hold_decision(burst, policy, now), until=now + LOOK_AGAIN_SECONDS)
    remaining = {name: value for name, value in state.items() if name != "burst"}
    return remember_pass(remaining, ticket.name, burst), _pass_decision(burst)


def leads(state: State, name: str) -> bool:
    """Whether a start leads its burst, or was let pass with it."""
    return (state.get("burst") or {}).get("leader") == name or recall_pass(state, name) is not None


def withdraw(state: State, name: str) -> Transition:
    """End a held start, unless it was let pass."""
    return (state, PASS) if recall_pass(state, name) is not None else (forget(state, name), DISABLED)


def forget(state: State, name: str) -> State:
    """The state without a start that will never happen; the next event opens a new burst."""
    state = forget_pass(state, name)
    if (state.get("burst") or {}).get("leader") != name:
        return state
    return {key: value for key, value in state.items() if key != "burst"}


def _join_burst(burst: dict[str, Any], ticket: Ticket, now: float) -> dict[str, Any]:
    """The burst with one more event and its extra input; beyond the size limit, the newest events are kept."""
    newest = ticket.event.envelope()
    newest = newest | {"data": newest["data"] | dict(ticket.extra_input)}
    events, left_out = [*burst["events"], newest], burst["left_out"]
    while events and (len(events) > MAX_EVENTS or _size([newest, events]) > MAX_BYTES):
        events, left_out = events[1:], left_out + 1
    return burst | {"last": now, "newest": newest, "events": events, "left_out": left_out}


def _size(value: Any) -> int:
    return len(canonical_json(value).encode())


def _due(burst: dict[str, Any], policy: Debounce) -> float:
    return float(min(burst["last"] + policy.quiet, burst["first"] + policy.max_wait))


def _hold_decision(burst: dict[str, Any], policy: Debounce, now: float) -> PolicyDecision:
    quiet = f"quiet for {policy.quiet:g} s"
    last = f"the last of {len(burst['events']) + burst['left_out']} came {now - burst['last']:.1f} s ago"
    return PolicyDecision("debounced", "debounce", quiet, last, final=False, until=_due(burst, policy))


def _pass_decision(burst: dict[str, Any]) -> PolicyDecision:
    """A pass whose execution is about the newest event of the burst."""
    extra: dict[str, Any] = {"event": burst["newest"], "events": burst["events"]}
    return PolicyDecision(
        "started", input=extra | ({"events_left_out": burst["left_out"]} if burst["left_out"] else {})
    )
