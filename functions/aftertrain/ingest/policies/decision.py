"""A ticket stands for one start that asks to pass; a policy answers with a decision.

A policy is a pure function of its stored state, the ticket and the time. It returns the next state along with the
decision. A caller that asks again with the same ticket, after a crash or a lost answer, gets the same decision.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aftertrain.ingest.event_key import EventKey
from aftertrain.ingest.verdict import Outcome
from aftertrain.model.event import Event

REMEMBERED = 200  # answers that a state remembers; a start that asks again after this many others counts as new
CONCLUDED = ["started", None]
WITHDRAWN = "withdrawn"
LOOK_AGAIN_SECONDS = 60.0  # when a state cannot remember any more
State = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Ticket:
    """The start's name, its event, and the machine it runs.

    `extra_input`: what the policies that already passed it add to its input. `waited`: it was held before, so its
    trigger may have been disabled since.
    """

    name: str
    trigger_id: str
    event_key: EventKey
    event: Event
    machine_arn: str
    received_at: float
    extra_input: Mapping[str, Any] = field(default_factory=dict)
    waited: bool = False


@dataclass(frozen=True, slots=True)
class PolicyDecision:
    """`started` lets the ticket pass. Anything else holds it until `until` or a wake-up, or ends it if `final`.

    `input`: what the execution gets besides the event. `state_keys`: the policy states that keep `input` until the
    execution has started. `wakes`: events whose decision this one changed. `stops`: executions (machine, name) to stop
    before this one starts.
    """

    verdict: Outcome
    clause: str = ""
    expected: Any = None
    actual: Any = None
    final: bool = True
    until: float | None = None
    execution: str | None = None
    input: Mapping[str, Any] = field(default_factory=dict)
    wakes: tuple[EventKey, ...] = ()
    stops: tuple[tuple[str, str], ...] = ()
    state_keys: tuple[str, ...] = ()

    @property
    def passes(self) -> bool:
        """Whether the next policy is asked, and the execution started after the last one."""
        return self.verdict == "started"


PASS = PolicyDecision("started")
DISABLED = PolicyDecision(
    "disabled", "trigger", "the trigger exists and is enabled", "it was disabled or deleted while the event waited"
)
Transition = tuple[State, PolicyDecision]


def recall_answer(state: State, name: str) -> Any:
    """The remembered answer for a start, or None."""
    return dict(state.get("said", [])).get(name)


def remember_answer(state: State, name: str, answer: Any) -> State:
    """The state with one more answer; beyond the limit, the oldest is forgotten."""
    remaining = [entry for entry in state.get("said", []) if entry[0] != name]
    return state | {"said": [*remaining, [name, answer]][-REMEMBERED:]}


def withdraw_unless_passed(state: State, name: str, *, passed: bool) -> Transition:
    """End a held start for good, unless it was let pass: another caller may be starting it right now."""
    return (state, PASS) if passed else (remember_answer(state, name, WITHDRAWN), DISABLED)


def recall_pass(state: State, name: str) -> Any:
    """What a start was let pass with and may not have started with yet, or None."""
    return dict(state.get("over", [])).get(name)


def remember_pass(state: State, name: str, content: Any) -> State:
    """The state with what a start was let pass with."""
    return state | {"over": [*state.get("over", []), [name, content]]}


def conclude(state: State, name: str) -> State:
    """The state once a start has happened or never will: if it asks again, it passes with nothing added."""
    return remember_answer(forget_pass(state, name), name, CONCLUDED)


def forget_pass(state: State, name: str) -> State:
    """The state without what a start was let pass with, since that start never happens."""
    remaining = [entry for entry in state.get("over", []) if entry[0] != name]
    return state | {"over": remaining} if "over" in state else state
