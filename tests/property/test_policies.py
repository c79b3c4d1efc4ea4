"""Each policy keeps its law, whatever fails in between, and whoever else works at the same time.

The real stages run over fakes that fail, die, lose answers and let others work in the middle of a call. Executions end
when they like, and the news of it may be lost.
"""

import json
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from tests.property.faulty import FAULTS, World
from tests.property.laws import broken
from tests.unit.ingest.samples import PIPELINE, notification, snapshot, tigris_event, trigger

from aftertrain.ingest.admit import gate_id
from aftertrain.ingest.objects import Object
from aftertrain.ingest.policies import rate
from aftertrain.ingest.policies.concurrency import is_cancelled
from aftertrain.ingest.receive import receive
from aftertrain.ingest.slots import give_back, heal, stop_if_cancelled
from aftertrain.ingest.sweep import sweep
from aftertrain.model.policy import Assemble, Concurrency, Debounce, Order, Policies, Rate

SETTINGS = settings(max_examples=60, stateful_step_count=25, deadline=None)


class Policy(RuleBasedStateMachine):
    """Senders, redrivers, sweepers and executions that end; a subclass says which policy, and what its law is."""

    policies = Policies()

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.world.meanwhile = self.world.take_message
        self.watching = snapshot(trigger(policies=self.policies))
        self.sent = 0
        self.acknowledged: list[str] = []

    @rule(faults=FAULTS)
    def deliver(self, faults: list[str]) -> None:
        self.sent += 1
        self.post(f"k{self.sent}", faults)

    def post(self, key: str, faults: list[str]) -> None:
        request = notification(tigris_event(key))
        if self.world.survives(lambda: receive(request, self.watching, self.world.ports), faults):
            self.acknowledged.append(key)

    @rule(faults=FAULTS)
    def take_message(self, faults: list[str]) -> None:
        self.world.take_message(faults)

    @rule(faults=FAULTS, minutes=st.integers(0, 90))
    def sweep(self, faults: list[str], minutes: int) -> None:
        self.world.clock.now += 60 * minutes
        self.world.survives(lambda: sweep(self.world.ports), faults)

    @invariant()
    def no_law_is_broken(self) -> None:
        assert broken(self.world) == []

    @property
    def running(self) -> list[str]:
        starter = self.world.starter
        return [name for name in starter.started if name not in starter.ended]

    def end_all(self) -> None:
        """Every execution ends, and is heard of."""
        for name in self.running:
            self.world.starter.ended.add(name)
            give_back(gate_id("concurrency", "t1"), frozenset({name}), self.world.ports)

    def is_alive(self) -> None:
        """Whatever has happened: what comes now, when nothing fails, starts."""
        self.world.clock.now += 7200
        self.end_all()
        self.deliver_one("alive")
        self.world.settle(self.end_all)
        assert not self.world.ledger.due_at
        assert self.verdicts()["alive"] == "started", self.verdicts()

    def deliver_one(self, key: str) -> None:
        """One event that starts something all by itself."""
        self.post(key, [])

    def inputs(self) -> list[dict[str, Any]]:
        """What executions were told, in the order in which they started."""
        return [json.loads(text) for _, text in self.world.starter.started.values()]

    def verdicts(self) -> dict[str, str]:
        """The last word on each event, by its key."""
        return {record.event.subject: record.all_verdicts[0].verdict for record in self.world.ledger.records.values()}

    def started_keys(self) -> list[str]:
        return [given["event"]["subject"] for given in self.inputs()]


class Concurrent(Policy):
    """Executions with slots."""

    limit = 2
    slot = gate_id("concurrency", "t1")

    @rule(number=st.integers(0, 3), lost=st.booleans(), faults=FAULTS)
    def end(self, number: int, lost: bool, faults: list[str]) -> None:
        """An execution ends; the news of it comes, or does not."""
        if number < len(self.running):
            name = self.running[number]
            self.world.starter.ended.add(name)
            if not lost:
                self.world.survives(lambda: give_back(self.slot, frozenset({name}), self.world.ports), faults)

    @invariant()
    def no_more_than_the_limit_run(self) -> None:
        assert len(self.running) <= self.limit

    def teardown(self) -> None:
        def end_all() -> None:
            for name in self.running:
                self.world.starter.ended.add(name)
                give_back(self.slot, frozenset({name}), self.world.ports)
            heal(self.slot, self.world.ports)

        self.world.settle(end_all)
        assert not self.world.ledger.due_at
        self.law()
        self.is_alive()

    def law(self) -> None:
        raise NotImplementedError


class Queueing(Concurrent):
    policies = Policies(concurrency=Concurrency(2, "queue"))

    def law(self) -> None:
        """Everything that was acknowledged has started, once."""
        assert set(self.acknowledged) <= set(self.started_keys())
        assert len(self.started_keys()) == len(set(self.started_keys()))


class Replacing(Concurrent):
    policies = Policies(concurrency=Concurrency(2, "replace"))

    def law(self) -> None:
        """What has not started was replaced, and nothing that started says that it was not."""
        for key, verdict in self.verdicts().items():
            assert (verdict == "started") == (key in self.started_keys())
            assert verdict in ("started", "replaced")
        assert self.started_keys() or not self.acknowledged


class Skipping(Concurrent):
    policies = Policies(concurrency=Concurrency(2, "skip"))

    def law(self) -> None:
        """What has not started was skipped."""
        for key, verdict in self.verdicts().items():
            assert (verdict == "started") == (key in self.started_keys())
            assert verdict in ("started", "skipped")


class Cancelling(Concurrent):
    """One that died between its slot and its start may still begin: the news that it runs is what stops it."""

    limit = 1
    policies = Policies(concurrency=Concurrency(1, "cancel"))

    @rule()
    def hear_of_running(self) -> None:
        ports = self.world.ports
        for name in self.running:
            stop_if_cancelled(self.slot, PIPELINE.machine_arn, name, ports.gates, ports.starter)

    @invariant()
    def no_more_than_the_limit_run(self) -> None:
        state = self.world.gates.get(self.slot).state
        assert len([name for name in self.running if not is_cancelled(state, name)]) <= self.limit

    def teardown(self) -> None:
        self.hear_of_running()
        assert len(self.running) <= self.limit
        super().teardown()

    def law(self) -> None:
        """Nothing waits; what was replaced has been stopped, and something of what was acknowledged has started."""
        assert set(self.verdicts().values()) <= {"started", "replaced"}
        assert self.started_keys() or not self.acknowledged


class Ordered(Policy):
    """A key that is written again and again; the bucket knows when."""

    policies = Policies(order=Order())

    def __init__(self) -> None:
        super().__init__()
        self.mark = 0.0
        self.world.meanwhile = self._overtake

    def _overtake(self) -> None:
        """While an event is looked at, a newer one comes and goes its way."""
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
        """The event of an older version comes after that of a newer one."""
        self.sent += 1 + back
        self._write(self.sent)
        self._tell(self.sent, [])
        self._tell(self.sent - back, faults)

    def _write(self, version: int) -> None:
        self.world.buckets.held["model"] = Object("models", "model", f"e{version}", 1, float(version))

    def _tell(self, version: int, faults: list[str]) -> None:
        request = notification(self._entry(version))
        if self.world.survives(lambda: receive(request, self.watching, self.world.ports), faults):
            self.acknowledged.append(f"e{version}")

    def _entry(self, version: int) -> dict[str, Any]:
        thing = {"key": "model", "size": 1, "eTag": f"e{version}"}
        return tigris_event("model", object=thing, eventTime=f"2026-05-15T10:30:00.{version:03}Z")

    @invariant()
    def nothing_older_passes_after_something_newer(self) -> None:
        marks = [each.state["mark"]["rank"] for name, each in self.world.gates.gates.items() if "order" in name]
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
        self.world.buckets.held[key] = Object("models", key, "d41d8cd98f00b204e9800998ecf8427e", 1, 1e6)
        super().deliver_one(key)


class OrderedOneByOne(Ordered):
    """With a slot, the executions themselves are in order: what waited for it is asked once more."""

    policies = Policies(order=Order(), concurrency=Concurrency(1, "queue"))
    slot = gate_id("concurrency", "t1")

    @rule()
    def end(self) -> None:
        for name in self.running:
            self.world.starter.ended.add(name)
            give_back(self.slot, frozenset({name}), self.world.ports)

    @invariant()
    def nothing_older_starts_after_something_newer(self) -> None:
        versions = [int(given["event"]["data"]["etag"][1:]) for given in self.inputs()]
        assert versions == sorted(versions)

    def teardown(self) -> None:
        self.world.settle(self.end)
        super().teardown()


class Assembling(Policy):
    """Checkpoints of three shards, whose events come in any order, some of them again."""

    policies = Policies(assemble=Assemble(600.0, pattern=r"-(?P<part>\d+)-of-(?P<total>\d+)"))

    @initialize()
    def begin(self) -> None:
        self.shards: dict[str, set[str]] = {}

    @rule(run=st.integers(0, 2), part=st.integers(1, 3), faults=FAULTS)
    def deliver_shard(self, run: int, part: int, faults: list[str]) -> None:
        before = len(self.acknowledged)
        self.post(f"r{run}/m-{part}-of-3.safetensors", faults)
        if len(self.acknowledged) > before:
            self.shards.setdefault(f"r{run}", set()).add(str(part))

    @rule(run=st.integers(0, 2), faults=FAULTS)
    def deliver_all(self, run: int, faults: list[str]) -> None:
        for part in (1, 2):
            self.deliver_shard(run, part, [])
        self.deliver_shard(run, 3, faults)

    @rule(faults=FAULTS)
    def deliver(self, faults: list[str]) -> None:
        """Something that is no shard."""
        self.post("readme.md", faults)

    @invariant()
    def only_what_is_complete_starts_and_only_once(self) -> None:
        runs = [given["event"]["subject"].split("/")[0] for given in self.inputs()]
        assert len(runs) == len(set(runs))
        for given in self.inputs():
            assert [part["part"] for part in given["event"]["data"]["parts"]] == ["1", "2", "3"]

    def teardown(self) -> None:
        self.world.settle()
        assert not self.world.ledger.due_at
        started = {given["event"]["subject"].split("/")[0] for given in self.inputs()}
        for run, parts in self.shards.items():
            assert run in started or len(parts) < 3
        assert self.verdicts().get("readme.md", "filtered") == "filtered"
        self.is_alive()

    def is_alive(self) -> None:
        """A set that is sent when nothing fails starts, and gates keep nothing for those that are over."""
        self.end_all()
        for part in (1, 2, 3):
            self.post(f"alive/m-{part}-of-3", [])
        self.world.settle(self.end_all)
        assert any(given["event"]["subject"].startswith("alive") for given in self.inputs())
        assert all(not gate.state.get("over") for gate in self.world.gates.gates.values())


class Debounced(Policy):
    """Bursts of events."""

    policies = Policies(debounce=Debounce(30.0, 300.0))

    @rule(seconds=st.integers(0, 200))
    def wait(self, seconds: int) -> None:
        self.world.clock.now += seconds

    @rule(faults=FAULTS)
    def end_a_burst(self, faults: list[str]) -> None:
        """Two events, and whoever is to start them has bad luck."""
        for _ in range(2):
            self.deliver([])
        self.world.clock.now += 31
        for _ in list(self.world.redrives.sent):
            self.world.take_message(faults)

    def teardown(self) -> None:
        self.world.settle()
        assert not self.world.ledger.due_at
        seen = [event["subject"] for given in self.inputs() for event in given["event"]["data"]["events"]]
        assert set(self.acknowledged) <= set(seen)
        assert len(seen) == len(set(seen))
        self.is_alive()


class DebouncedWhereOthersEnd(Debounced):
    """Bursts that another policy may put an end to: the gate must not wait for those that never start."""

    policies = Policies(debounce=Debounce(30.0, 300.0), concurrency=Concurrency(1, "skip"))

    @rule()
    def end(self) -> None:
        self.end_all()

    @invariant()
    def no_more_than_one_runs(self) -> None:
        assert len(self.running) <= 1

    def teardown(self) -> None:
        self.world.settle(self.end_all)
        assert not self.world.ledger.due_at
        self.is_alive()
        assert all(not gate.state.get("over") for gate in self.world.gates.gates.values())


class OrderedBursts(Ordered):
    """A burst of versions starts with its newest."""

    policies = Policies(order=Order(), debounce=Debounce(30.0, 300.0))

    @rule(faults=FAULTS)
    def end_a_burst(self, faults: list[str]) -> None:
        self.world.clock.now += 31
        for _ in list(self.world.redrives.sent):
            self.world.take_message(faults)


class Limited(Policy):
    """At most two starts an hour; a person resumes the trigger in the end."""

    policies = Policies(rate=Rate(2, 3600.0))
    gate = gate_id("rate", "t1")

    def __init__(self) -> None:
        super().__init__()
        self.passed_when_paused: int | None = None

    @invariant()
    def what_passes_is_within_the_limit_and_nothing_passes_while_paused(self) -> None:
        state = self.world.gates.get(self.gate).state
        passed = len(state.get("said", []))
        assert len(state.get("starts", [])) <= 2
        assert len(self.world.starter.started) <= passed
        if "paused_at" in state:
            assert self.passed_when_paused in (None, passed)
            self.passed_when_paused = passed

    def teardown(self) -> None:
        self.world.settle()
        for _ in range(20):
            standing = self.world.gates.get(self.gate)
            state, woken = rate.resume(standing.state, self.world.clock.now)
            self.world.gates.put(self.gate, state, standing.revision)
            self.world.redrives.sent += woken
            self.world.settle()
        assert not self.world.ledger.due_at
        assert set(self.acknowledged) <= set(self.started_keys())


TestQueueing = Queueing.TestCase
TestReplacing = Replacing.TestCase
TestSkipping = Skipping.TestCase
TestCancelling = Cancelling.TestCase
TestOrdered = Ordered.TestCase
TestOrderedOneByOne = OrderedOneByOne.TestCase
TestAssembling = Assembling.TestCase
TestDebounced = Debounced.TestCase
TestLimited = Limited.TestCase
TestDebouncedWhereOthersEnd = DebouncedWhereOthersEnd.TestCase
TestOrderedBursts = OrderedBursts.TestCase
CASES = (TestQueueing, TestReplacing, TestSkipping, TestCancelling, TestOrdered, TestOrderedOneByOne)
OTHERS = (TestAssembling, TestDebounced, TestDebouncedWhereOthersEnd, TestOrderedBursts, TestLimited)
for _case in (*CASES, *OTHERS):
    _case.settings = SETTINGS
