"""Only what is newer than everything that passed before may start.

The high-water mark is the version of the newest event that was let through, per trigger and key. Versions are compared
only with versions of their own sort: a bucket's times are not a registry's numbers.
"""

from dataclasses import dataclass
from typing import Literal

from aftertrain.ingest.policies.decision import PASS, Answer, Decision, State, Ticket

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
        return {"mark": {"sort": version.sort, "rank": version.rank, "text": version.text, "by": ticket.name}}, PASS
    return state, Decision("stale", "order", f"at least {mark['text']}", version.text, execution=mark["by"])
