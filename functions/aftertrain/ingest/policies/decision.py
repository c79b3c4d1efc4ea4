"""A ticket stands for one start that asks to be let through; a policy answers it with a decision.

A policy is a pure function of what its gate remembers, the ticket and the time, and gives the gate's next state along
with the decision. Whoever asks again with the same ticket, after a crash or because an answer was lost, gets the same
answer: what a gate has said of a name it says again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aftertrain.ingest.key import EventKey
from aftertrain.ingest.verdict import Word
from aftertrain.model.event import Event

REMEMBERED = 200  # names whose answers a gate knows; one that asks again after as many others is taken for a new one
CONCLUDED = ["started", None]
WITHDRAWN = "withdrawn"
LOOK_AGAIN_SECONDS = 60.0  # at a gate that can keep no more
State = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Ticket:
    """The start's name, the event that it is for, and the machine that it runs.

    `brings`: what the policies that let it pass give it. `waited`: it was held before, and its trigger may be switched
    off meanwhile.
    """

    name: str
    trigger_id: str
    event_key: EventKey
    event: Event
    machine_arn: str
    received_at: float
    brings: Mapping[str, Any] = field(default_factory=dict)
    waited: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """`started` lets the ticket pass; anything else holds it, until `until` or a wake-up, or ends it if it is final.

    `input`: what the execution is told beside the event; `gates` keep it until it has started. `wakes`: events whose
    decision changed by this one. `stops`: executions (machine, name) that have to be stopped before this one starts.
    """

    verdict: Word
    clause: str = ""
    expected: Any = None
    actual: Any = None
    final: bool = True
    until: float | None = None
    execution: str | None = None
    input: Mapping[str, Any] = field(default_factory=dict)
    wakes: tuple[EventKey, ...] = ()
    stops: tuple[tuple[str, str], ...] = ()
    gates: tuple[str, ...] = ()

    @property
    def passes(self) -> bool:
        """Whether the next policy is asked, and in the end the execution started."""
        return self.verdict == "started"


PASS = Decision("started")
DISABLED = Decision("disabled", "trigger", "it is there and enabled", "it is not, and this waited")
Answer = tuple[State, Decision]


def said(state: State, name: str) -> Any:
    """What a gate has said of a name, or None."""
    return dict(state.get("said", [])).get(name)


def saying(state: State, name: str, what: Any) -> State:
    """The state with one more answer; the oldest is forgotten when there are too many."""
    others = [each for each in state.get("said", []) if each[0] != name]
    return state | {"said": [*others, [name, what]][-REMEMBERED:]}


def withdrawing(state: State, name: str, *, passed: bool) -> Answer:
    """End for good what has waited, unless it was let pass: somebody may be starting it in this moment."""
    return (state, PASS) if passed else (saying(state, name, WITHDRAWN), DISABLED)


def kept(state: State, name: str) -> Any:
    """What a start was let through with and may not have started with yet, or None."""
    return dict(state.get("over", [])).get(name)


def keeping(state: State, name: str, what: Any) -> State:
    """The state with what a start was let through with."""
    return state | {"over": [*state.get("over", []), [name, what]]}


def concluded(state: State, name: str) -> State:
    """The state once a start was made, or never will be: it passes if it asks again, with nothing."""
    return saying(without(state, name), name, CONCLUDED)


def without(state: State, name: str) -> State:
    """The state without what a start was let through with, which never will be made."""
    left = [each for each in state.get("over", []) if each[0] != name]
    return state | {"over": left} if "over" in state else state
