"""`order: latest` keeps its law, alone and with other policies, whatever fails in between."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule
from tests.property.faulty import FAULTS
from tests.property.policy import SETTINGS, Policy
from tests.unit.ingest.samples import notification, tigris_event

from aftertrain.ingest.admit import policy_key
from aftertrain.ingest.bucket_object import BucketObject
from aftertrain.ingest.receive import receive
from aftertrain.ingest.slots import release_slots
from aftertrain.model.policy import Concurrency, Debounce, Order, Policies


class Ordered(Policy):
    """A key that is written repeatedly. The bucket knows the times."""

    policies = Policies(order=Order())

    def __init__(self) -> None:
        super().__init__()
        self.mark = 0.0
        self.world.meanwhile = self._overtake

    def _overtake(self) -> None:
        """While one event is being handled, a newer one overtakes it."""
        self.sent += 1
        self._write(self.sent)
        request = notification(self._entry(self.sent))
        receive(request, self.watching, self.world.ports)

    @rule(faults=FAULTS)
    def deliver(self, faults: list[str]) -> None:
        self.sent += 1
        self._write(self.sent)
        self._tell(self.sent, faults)

    @rule(faults=FAULTS, back=st.integers(1, 3))
    def deliver_late(self, faults: list[str], back: int) -> None:
        """The event of an older version arrives after that of a newer one."""
        self.sent += 1 + back
        self._write(self.sent)
        self._tell(self.sent, [])
        self._tell(self.sent - back, faults)

    def _write(self, version: int) -> None:
        self.world.buckets.held["model"] = BucketObject("models", "model", f"e{version}", 1, float(version))

    def _tell(self, version: int, faults: list[str]) -> None:
        request = notification(self._entry(version))
        if self.world.survives(lambda: receive(request, self.watching, self.world.ports), faults):
            self.acknowledged.append(f"e{version}")

    def _entry(self, version: int) -> dict[str, Any]:
        thing = {"key": "model", "size": 1, "eTag": f"e{version}"}
        return tigris_event("model", object=thing, eventTime=f"2026-05-15T10:30:00.{version:03}Z")

    @invariant()
    def nothing_older_passes_after_something_newer(self) -> None:
        marks = [
            each.state["mark"]["rank"] for name, each in self.world.policy_states.states.items() if "order" in name
        ]
        mark = max(marks, default=0.0)
        assert mark >= self.mark
        self.mark = mark

    def teardown(self) -> None:
        self.world.settle()
        assert not self.world.ledger.due_at
        if self.acknowledged:
            etags = [given["event"]["data"]["etag"] for given in self.inputs()]
            recorded = {record.event.data["etag"] for record in self.world.ledger.records.values()}
            newest = f"e{self.sent}"
            assert newest in etags or newest not in recorded
        self.is_alive()

    def deliver_one(self, key: str) -> None:
        self.world.buckets.held[key] = BucketObject("models", key, "d41d8cd98f00b204e9800998ecf8427e", 1, 1e6)
        super().deliver_one(key)


class OrderedOneByOne(Ordered):
    """With a slot, the executions themselves are in order: a start that waited is checked once more."""

    policies = Policies(order=Order(), concurrency=Concurrency(1, "queue"))
    slot = policy_key("concurrency", "t1")

    @rule()
    def end(self) -> None:
        for name in self.running:
            self.world.starter.ended.add(name)
            release_slots(self.slot, frozenset({name}), self.world.ports)

    @invariant()
    def nothing_older_starts_after_something_newer(self) -> None:
        versions = [int(given["event"]["data"]["etag"][1:]) for given in self.inputs()]
        assert versions == sorted(versions)

    def teardown(self) -> None:
        self.world.settle(self.end)
        super().teardown()


class OrderedBursts(Ordered):
    """A burst of versions starts with its newest."""

    policies = Policies(order=Order(), debounce=Debounce(30.0, 300.0))

    @rule(faults=FAULTS)
    def end_a_burst(self, faults: list[str]) -> None:
        self.world.clock.now += 31
        for _ in list(self.world.redrives.sent):
            self.world.take_message(faults)


TestOrdered = Ordered.TestCase
TestOrderedOneByOne = OrderedOneByOne.TestCase
TestOrderedBursts = OrderedBursts.TestCase
for _case in (TestOrdered, TestOrderedOneByOne, TestOrderedBursts):
    _case.settings = SETTINGS
del _case  # or it is collected once more
