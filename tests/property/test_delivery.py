"""The promise: an acknowledged event is started once per matching trigger; whatever fails in between, and wherever.

The real stages run over fakes in which any call may fail before its effect, or after it with the answer lost, and in
which a process may die at any call. Requests are repeated as senders do, redrives and sweeps come in any order.
"""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from tests.property.faulty import FAULTS, World
from tests.property.laws import broken
from tests.unit.ingest.samples import notification, snapshot, tigris_event, trigger

from aftertrain.ingest.receive import receive
from aftertrain.ingest.sweep import sweep

WATCHING = snapshot(trigger("one"), trigger("two", "object.*"))
KEYS = st.sampled_from(["final/a", "final/b", "final/c"])


class Delivery(RuleBasedStateMachine):
    """Senders, redrivers and sweepers over one ledger."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.world.meanwhile = self.world.take_message
        self.ledger, self.starter = self.world.ledger, self.world.starter
        self.acknowledged: set[str] = set()

    @rule(key=KEYS, faults=FAULTS)
    def deliver(self, key: str, faults: list[str]) -> None:
        request = notification(tigris_event(key))
        if self.world.survives(lambda: receive(request, WATCHING, self.world.ports), faults):
            self.acknowledged.add(key)

    @rule(faults=FAULTS)
    def redrive(self, faults: list[str]) -> None:
        self.world.take_message(faults)

    @rule(faults=FAULTS, minutes=st.integers(0, 90))
    def sweep(self, faults: list[str], minutes: int) -> None:
        self.world.clock.now += 60 * minutes
        self.world.survives(lambda: sweep(self.world.ports), faults)

    @invariant()
    def no_law_is_broken(self) -> None:
        assert broken(self.world) == []

    def teardown(self) -> None:
        """Once nothing fails any more, sweeps and redrives finish everything that was acknowledged."""
        self.world.settle()
        recorded = {record.event.subject: record for record in self.ledger.records.values()}
        for key in self.acknowledged:
            assert set(recorded[key].executions) <= set(self.starter.started)
            assert len(recorded[key].executions) == 2


TestDelivery = Delivery.TestCase
TestDelivery.settings = settings(max_examples=150, stateful_step_count=25)
