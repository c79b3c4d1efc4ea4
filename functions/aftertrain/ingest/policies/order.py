"""Only an event newer than every event that passed before may start.

The high-water mark is the recency of the newest event that passed, per trigger and key. Recencies compare only within
their own sort: a bucket's times are not a registry's version numbers.
"""

from dataclasses import dataclass
from typing import Literal

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

PASSED = "passed"
Sort = Literal["sequencer", "ceph_sequencer", "modified", "version"]


@dataclass(frozen=True, slots=True)
class Recency:
    """How new an event's object or version is. `rank` compares within a `sort`; `text` is for people."""

    sort: Sort
    rank: str | float
    text: str


def decide(state: State, ticket: Ticket, version: Recency | None) -> Transition:
    """Let an event pass that is not older than the mark, and raise the mark; None means that the object is gone."""
    if version is None:
        return state, PolicyDecision("stale", "order", "the object exists", "it is gone, or was rewritten")
    mark = state.get("mark")
    if mark is None or mark["sort"] != version.sort or version.rank >= mark["rank"]:
        new_mark = {"sort": version.sort, "rank": version.rank, "text": version.text, "by": ticket.name}
        state, decision = pass_unconditionally(state, ticket)
        return (state | {"mark": new_mark} if decision.passes else state), decision
    return state, PolicyDecision("stale", "order", f"at least {mark['text']}", version.text, execution=mark["by"])


def pass_unconditionally(state: State, ticket: Ticket) -> Transition:
    """Let an event pass, unless it was withdrawn. One that waited is noted, in case its trigger gets disabled."""
    answer = recall_answer(state, ticket.name)
    if answer == WITHDRAWN:
        return state, DISABLED
    return (remember_answer(state, ticket.name, PASSED) if ticket.waited and answer is None else state), PASS


def withdraw(state: State, name: str) -> Transition:
    """End a held start, unless it was let pass."""
    marked_by = (state.get("mark") or {}).get("by")
    return withdraw_unless_passed(state, name, passed=name == marked_by or recall_answer(state, name) == PASSED)
