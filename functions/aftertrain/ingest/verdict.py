"""What became of an event at one trigger, and which clause decided it.

    Verdict("trig-1", "stale", "order", expected="at least 2026-05-15T10:30:00Z", actual="2026-05-15T10:29:58Z")

Verdicts of policies are stored with the event. `filtered` and `disabled` are not: they are computed again when somebody
asks, so an event costs the same however many triggers exist.
"""

from typing import Any, Literal, NamedTuple, get_args

Outcome = Literal[
    "started",
    "filtered",
    "stale",
    "assembling",
    "incomplete",
    "queued",
    "skipped",
    "replaced",
    "debounced",
    "paused",
    "disabled",
    "failed",
    "received",
]
WORDS: tuple[Outcome, ...] = get_args(Outcome)


class Verdict(NamedTuple):
    """`execution`: the one that started, or that the event joined. `final`: the verdict will not change any more."""

    trigger_id: str
    verdict: Outcome
    clause: str = ""
    expected: Any = None
    actual: Any = None
    execution: str | None = None
    final: bool = True

    @property
    def matched(self) -> bool:
        """Whether the event passed the trigger's filters."""
        return self.verdict not in ("filtered", "disabled")

    def item(self) -> dict[str, Any]:
        """The form in which the ledger and the API show it."""
        return {
            "trigger_id": self.trigger_id,
            "verdict": self.verdict,
            "clause": self.clause,
            "expected": self.expected,
            "actual": self.actual,
            "execution": self.execution,
            "final": self.final,
        }

    @classmethod
    def from_item(cls, item: dict[str, Any]) -> "Verdict":
        """Read what `item` wrote."""
        return cls(**item)
