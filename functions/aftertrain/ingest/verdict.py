"""What became of an event at one trigger, and which clause decided it.

    Verdict("trig-1", "stale", "order", expected="at least 2026-05-15T10:30:00Z", actual="2026-05-15T10:29:58Z")

What a policy decided is kept with the event. `filtered` and `disabled` never are: they are found out again from the
event when somebody asks, so that an event costs the same however many triggers there are.
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
    """`execution` is the one that started, or that the event became a part of. `final`: it will not change any more."""

    trigger_id: str
    verdict: Outcome
    clause: str = ""
    expected: Any = None
    actual: Any = None
    execution: str | None = None
    final: bool = True

    @property
    def matched(self) -> bool:
        """Whether the trigger's filters let the event pass."""
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
