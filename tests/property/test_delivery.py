"""The promise: an acknowledged event is started once per matching trigger; whatever fails in between, and wherever.

The real stages run over fakes in which any call may fail before its effect, or after it with the answer lost, and in
which a process may die at any call. Requests are repeated as senders do, redrives and sweeps come in any order.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from tests.fakes import FakeClock, FakeLedger, FakeRedrives, FakeStarter
from tests.unit.ingest.samples import notification, snapshot, tigris_event, trigger

from aftertrain.errors import BusyError
from aftertrain.ingest.drive import redrive
from aftertrain.ingest.ports import Ports
from aftertrain.ingest.receive import receive
from aftertrain.ingest.sweep import sweep

WATCHING = snapshot(trigger("one"), trigger("two", "object.*"))
FAULTS = st.lists(st.sampled_from(["ok", "ok", "ok", "before", "after", "death"]), max_size=12)
KEYS = st.sampled_from(["final/a", "final/b", "final/c"])


class Death(BaseException):
    """The process is gone; nothing can catch it."""


@dataclass
class Faults:
    """Decides the fate of each call."""

    planned: list[str] = field(default_factory=list)

    def around(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def faulty(*arguments: Any) -> Any:
            fate = self.planned.pop(0) if self.planned else "ok"
            if fate == "before":
                raise BusyError("refused")
            result = call(*arguments)
            if fate == "after":
                raise BusyError("the answer was lost")
            if fate == "death":
                raise Death
            return result

        return faulty


class Delivery(RuleBasedStateMachine):
    """Senders, redrivers and sweepers over one ledger."""

    def __init__(self) -> None:
        super().__init__()
        self.clock, self.faults = FakeClock(), Faults()
        self.ledger, self.starter, self.redrives = FakeLedger(), FakeStarter(), FakeRedrives()
        self.acknowledged: set[str] = set()
        for port, names in (
            (self.ledger, ("record", "get", "done", "due", "postpone")),
            (self.starter, ("start",)),
            (self.redrives, ("send",)),
        ):
            for name in names:
                setattr(port, name, self.faults.around(getattr(port, name)))
        self.ports = Ports(self.ledger, self.starter, self.redrives, self.clock)

    @rule(key=KEYS, faults=FAULTS)
    def deliver(self, key: str, faults: list[str]) -> None:
        if self._survives(lambda: receive(notification(tigris_event(key)), WATCHING, self.ports), faults):
            self.acknowledged.add(key)

    @rule(faults=FAULTS)
    def redrive(self, faults: list[str]) -> None:
        if self.redrives.sent:
            key = self.redrives.sent[0]
            if self._survives(lambda: redrive(key, self.ports), faults):
                self.redrives.sent.remove(key)

    @rule(faults=FAULTS, minutes=st.integers(0, 90))
    def sweep(self, faults: list[str], minutes: int) -> None:
        self.clock.now += 60 * minutes
        self._survives(lambda: sweep(self.ports), faults)

    def _survives(self, work: Callable[[], object], faults: list[str]) -> bool:
        self.faults.planned = list(faults)
        try:
            work()
        except (BusyError, Death):
            return False
        finally:
            self.faults.planned = []
        return True

    @invariant()
    def every_execution_is_that_of_a_recorded_event(self) -> None:
        expected = {name for record in self.ledger.records.values() for name in record.executions}
        assert set(self.starter.started) <= expected

    @invariant()
    def done_means_started(self) -> None:
        for record in self.ledger.records.values():
            if record.done:
                assert set(record.executions) <= set(self.starter.started)

    def teardown(self) -> None:
        """Once nothing fails any more, sweeps and redrives finish everything that was acknowledged."""
        for _ in range(3):
            self.clock.now += 3600
            sweep(self.ports)
            while self.redrives.sent:
                redrive(self.redrives.sent.pop(0), self.ports)
        recorded = {record.event.subject: record for record in self.ledger.records.values()}
        for key in self.acknowledged:
            assert set(recorded[key].executions) <= set(self.starter.started)
            assert len(recorded[key].executions) == 2


TestDelivery = Delivery.TestCase
TestDelivery.settings = settings(max_examples=150, stateful_step_count=25)
