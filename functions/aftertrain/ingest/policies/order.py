"""Only what is newer than everything that passed before may start.

The high-water mark is the version of the newest event that was let through, per trigger and key. Versions are compared
only with versions of their own sort: a bucket's times are not a registry's numbers.
"""

from dataclasses import dataclass
from typing import Literal

from aftertrain.ingest.policies.decision import (
    DISABLED,
    PASS,
    WITHDRAWN,
    Answer,
    Decision,
    State,
    Ticket,
    said,
    saying,
    withdrawing,
)

PASSED = "passed"
Sort = Literal["sequencer", "modified", "version"]


@dataclass(frozen=True, slots=True)
class Version:
    """How new an event's thing is. `rank` is comparable within a sort; `text` is for people."""

    sort: Sort
    rank: str | float
    text: str


def decide(state: State, ticket: Ticket, version: Version | None) -> Answer:
    """Let pass what is not older than the mark, and raise the mark; None is a thing that is not there any more."""
    if version is None:
        return state, Decision("stale", "order", "the object is there", "it is gone, or was written again")
    mark = state.get("mark")
    if mark is None or mark["sort"] != version.sort or version.rank >= mark["rank"]:
        raised = {"sort": version.sort, "rank": version.rank, "text": version.text, "by": ticket.name}
        state, decision = let_pass(state, ticket)
        return (state | {"mark": raised} if decision.passes else state), decision
    return state, Decision("stale", "order", f"at least {mark['text']}", version.text, execution=mark["by"])


def let_pass(state: State, ticket: Ticket) -> Answer:
    """Let pass, unless it was withdrawn; of what has waited it is noted, in case that its trigger is switched off."""
    answer = said(state, ticket.name)
    if answer == WITHDRAWN:
        return state, DISABLED
    return (saying(state, ticket.name, PASSED) if ticket.waited and answer is None else state), PASS


def withdraw(state: State, name: str) -> Answer:
    """A start that is not wanted any more ends, unless it was let pass."""
    by = (state.get("mark") or {}).get("by")
    return withdrawing(state, name, passed=name == by or said(state, name) == PASSED)
