"""The promise: an acknowledged event is started once per matching trigger, whatever fails in between.

The real phases run over fakes in which any call may fail before its effect, or after it with a lost answer, and in
which a process may die at any call. Senders repeat requests, and redrives and sweeps come in any order.
"""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import rule
from tests.property.examples import examples
from tests.property.faulty import FAULTS
from tests.property.policy import Policy
from tests.unit.ingest.samples import snapshot, trigger

KEYS = st.sampled_from(["final/a", "final/b", "final/c"])


class Delivery(Policy):
    """No policy, two triggers, and senders that repeat themselves."""

    def __init__(self) -> None:
        super().__init__()
        self.watching = snapshot(trigger("one"), trigger("two", "object.*"))

    @rule(key=KEYS, faults=FAULTS)
    def deliver_again(self, key: str, faults: list[str]) -> None:
        self.post(key, faults)

    def teardown(self) -> None:
        """When nothing fails any more, sweeps and redrives finish every acknowledged event."""
        self.world.settle()
        recorded = {record.event.subject: record for record in self.world.ledger.records.values()}
        for key in self.acknowledged:
            assert set(recorded[key].executions) <= set(self.world.starter.started)
            assert len(recorded[key].executions) == 2


TestDelivery = Delivery.TestCase
TestDelivery.settings = settings(max_examples=examples(110), stateful_step_count=25)
