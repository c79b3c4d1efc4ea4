"""A world of fakes in which any call may go wrong.

A call fails before its effect, or after it with a lost answer. Or the process dies in it. Or somebody else does all of
the process's work just before it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st
from tests.ingest_fakes import FakeBuckets, FakeClock, FakeLedger, FakePolicyStates, FakeRedrives, FakeStarter

from aftertrain.errors import BusyError
from aftertrain.ingest.drive import redrive
from aftertrain.ingest.event_key import EventKey
from aftertrain.ingest.ports import IngestPorts
from aftertrain.ingest.sweep import sweep

FATES = ["ok", "ok", "ok", "before", "after", "death", "meanwhile"]
FAULTS = st.lists(st.sampled_from(FATES), max_size=14)
CALLS = {
    "ledger": ("record", "get", "done", "hold", "due", "postpone"),
    "policy_states": ("get", "put"),
    "starter": ("start", "stop", "running"),
    "redrives": ("send",),
    "buckets": ("head", "weight_files", "objects"),
}


class Death(BaseException):
    """The process is dead, and nothing can catch that."""


@dataclass
class World:
    """Fakes whose calls follow a plan. `meanwhile` is the work of others at a call with that fate."""

    clock: FakeClock = field(default_factory=FakeClock)
    ledger: FakeLedger = field(default_factory=FakeLedger)
    policy_states: FakePolicyStates = field(default_factory=FakePolicyStates)
    starter: FakeStarter = field(default_factory=FakeStarter)
    redrives: FakeRedrives = field(default_factory=FakeRedrives)
    buckets: FakeBuckets = field(default_factory=FakeBuckets)
    planned: list[str] = field(default_factory=list)
    meanwhile: Callable[[], None] = lambda: None

    def __post_init__(self) -> None:
        for port, names in CALLS.items():
            for name in names:
                fake = getattr(self, port)
                setattr(fake, name, self._around(getattr(fake, name)))
        self.ports = IngestPorts(self.ledger, self.policy_states, self.starter, self.redrives, self.clock, self.buckets)

    def survives(self, work: Callable[[], object], faults: Iterable[str]) -> bool:
        """Whether the work ended, with calls that follow the plan."""
        self.planned = list(faults)
        try:
            work()
        except (BusyError, Death):
            return False
        finally:
            self.planned = []
        return True

    def take_message(self, faults: Iterable[str] = ()) -> None:
        """Process the oldest message. If that fails, it returns to the end of the queue."""
        if not self.redrives.sent:
            return
        key = self.redrives.sent.pop(0)
        if not self.survives(lambda: redrive(key, self.ports), faults):
            self.redrives.sent.append(key)

    def settle(self, end: Callable[[], None] = lambda: None) -> None:
        """Nothing fails any more. Sweeps, redrives and executions continue until nothing is left to do."""
        for _ in range(60):
            self.clock.now += 3600
            sweep(self.ports)
            for key in dict.fromkeys(self._drained()):
                redrive(key, self.ports)
            end()
            if not self.ledger.due_at and not self.redrives.sent:
                return

    def _drained(self) -> list[EventKey]:
        found, self.redrives.sent[:] = list(self.redrives.sent), []
        return found

    def _around(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def faulty(*arguments: Any) -> Any:
            fate = self.planned.pop(0) if self.planned else "ok"
            if fate == "meanwhile":
                left, self.planned = self.planned, []
                self.meanwhile()
                self.planned = left
            if fate == "before":
                raise BusyError("refused")
            result = call(*arguments)
            if fate == "after":
                raise BusyError("the answer was lost")
            if fate == "death":
                raise Death
            return result

        return faulty
