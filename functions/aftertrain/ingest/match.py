"""Event -> a verdict of every trigger that watches its type.

    Verdict("trig-1", matched=False, reason='`key` REGEXP "^final/" is false for \\'tmp/x\\'')

Verdicts are kept with the event: they answer "why did it not fire?".
"""

from dataclasses import dataclass
from typing import Any

from aftertrain.ingest.snapshot import Snapshot, Watch
from aftertrain.model.event import Event

MAX_KEPT = 50  # verdicts that did not match, per event: the ledger's items stay small whatever the registry holds


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one trigger said of an event, and if it said no, why."""

    trigger_id: str
    matched: bool
    reason: str = ""

    def item(self) -> dict[str, Any]:
        """The form in which the ledger and the API show it."""
        return {"trigger_id": self.trigger_id, "matched": self.matched, "reason": self.reason}


def match(event: Event, snapshot: Snapshot) -> tuple[list[Watch], list[Verdict]]:
    """The triggers that the event fires, and the verdicts: all that matched, and the first 50 that did not."""
    fired: list[Watch] = []
    said_yes: list[Verdict] = []
    said_no: list[Verdict] = []
    for watch in snapshot.watching(event.type):
        why_not = next((why for item in watch.filters if (why := item.failure(event)) is not None), None)
        if why_not is None:
            fired.append(watch)
            said_yes.append(Verdict(watch.trigger.id, matched=True))
        elif len(said_no) < MAX_KEPT:
            said_no.append(Verdict(watch.trigger.id, matched=False, reason=why_not[:300]))
    return fired, said_yes + said_no
