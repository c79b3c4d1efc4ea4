"""Each policy keeps its law, whatever fails in between, and whoever works at the same time.

The real phases run over fakes that fail, die, lose answers and let others work in the middle of a call. Executions end
at any time, and the news of it may be lost.
"""

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule
from tests.property.faulty import FAULTS
from tests.property.policy import SETTINGS, Concurrent, Policy
from tests.unit.ingest.samples import PIPELINE

from aftertrain.ingest.admit import policy_key
from aftertrain.ingest.policies import rate
from aftertrain.ingest.policies.concurrency import is_cancelled
from aftertrain.ingest.slots import stop_if_cancelled
from aftertrain.model.policy import Assemble, Concurrency, Debounce, Policies, Rate


class Queueing(Concurrent):
    policies = Policies(concurrency=Concurrency(2, "queue"))

    def law(self) -> None:
        """Every acknowledged event has started once."""
        assert set(self.acknowledged) <= set(self.started_keys())
        assert len(self.started_keys()) == len(set(self.started_keys()))


class Replacing(Concurrent):
    policies = Policies(concurrency=Concurrency(2, "replace"))

    def law(self) -> None:
        """An event that has not started was replaced, and no started one claims that it was not."""
        for key, verdict in self.verdicts().items():
            assert (verdict == "started") == (key in self.started_keys())
            assert verdict in ("started", "replaced")
        assert self.started_keys() or not self.acknowledged


class Skipping(Concurrent):
    policies = Policies(concurrency=Concurrency(2, "skip"))

    def law(self) -> None:
        """An event that has not started was skipped."""
        for key, verdict in self.verdicts().items():
            assert (verdict == "started") == (key in self.started_keys())
            assert verdict in ("started", "skipped")


class Cancelling(Concurrent):
    """A start that died between its slot and its execution may still begin. The news of its execution stops it."""

    limit = 1
    policies = Policies(concurrency=Concurrency(1, "cancel"))

    @rule()
    def hear_of_running(self) -> None:
        ports = self.world.ports
        for name in self.running:
            stop_if_cancelled(self.slot, PIPELINE.machine_arn, name, ports.policy_states, ports.starter)

    @invariant()
    def no_more_than_the_limit_run(self) -> None:
        state = self.world.policy_states.get(self.slot).state
        assert len([name for name in self.running if not is_cancelled(state, name)]) <= self.limit

    def teardown(self) -> None:
        self.hear_of_running()
        assert len(self.running) <= self.limit
        super().teardown()

    def law(self) -> None:
        """Nothing waits. Replaced executions have been stopped, and one of the acknowledged events has started."""
        assert set(self.verdicts().values()) <= {"started", "replaced"}
        assert self.started_keys() or not self.acknowledged


class Assembling(Policy):
    """Checkpoints of three shards, whose events arrive in any order, some of them twice."""

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
        """An object that is no shard."""
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
        """A set that is sent when nothing fails starts, and the states keep nothing about finished sets."""
        self.end_all()
        for part in (1, 2, 3):
            self.post(f"alive/m-{part}-of-3", [])
        self.world.settle(self.end_all)
        assert any(given["event"]["subject"].startswith("alive") for given in self.inputs())
        assert all(not gate.state.get("over") for gate in self.world.policy_states.states.values())


class Debounced(Policy):
    """Bursts of events."""

    policies = Policies(debounce=Debounce(30.0, 300.0))

    @rule(seconds=st.integers(0, 200))
    def wait(self, seconds: int) -> None:
        self.world.clock.now += seconds

    @rule(faults=FAULTS)
    def end_a_burst(self, faults: list[str]) -> None:
        """Two events, whose starts both fail at first."""
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


class BurstsOfSets(Policy):
    """Checkpoints of two shards that are complete within a short time of each other."""

    policies = Policies(
        assemble=Assemble(6000.0, pattern=r"-(?P<part>\d+)-of-(?P<total>\d+)"), debounce=Debounce(30.0, 300.0)
    )

    @initialize()
    def begin(self) -> None:
        self.complete: set[str] = set()

    @rule(run=st.integers(0, 3), faults=FAULTS)
    def deliver_set(self, run: int, faults: list[str]) -> None:
        before = len(self.acknowledged)
        self.post(f"r{run}/m-1-of-2", [])
        self.post(f"r{run}/m-2-of-2", faults)
        if len(self.acknowledged) == before + 2:
            self.complete.add(f"r{run}")

    @rule(faults=FAULTS)
    def deliver(self, faults: list[str]) -> None:
        """A single shard."""
        self.sent += 1
        self.post(f"alone{self.sent}/m-1-of-2", faults)

    @invariant()
    def parts_are_those_of_their_event(self) -> None:
        for given in self.inputs():
            for event in (given["event"], *given["event"]["data"]["events"]):
                run = event["subject"].split("/")[0]
                assert [part["key"] for part in event["data"]["parts"]] == [f"{run}/m-{part}-of-2" for part in (1, 2)]

    def teardown(self) -> None:
        self.world.settle()
        seen = [event["subject"].split("/")[0] for given in self.inputs() for event in given["event"]["data"]["events"]]
        assert self.complete <= set(seen)
        assert len(seen) == len(set(seen))


class DebouncedWhereOthersEnd(Debounced):
    """Bursts that another policy may end: the state must not wait for starts that never happen."""

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
        assert all(not gate.state.get("over") for gate in self.world.policy_states.states.values())


class Limited(Policy):
    """At most two starts an hour. A person resumes the trigger in the end."""

    policies = Policies(rate=Rate(2, 3600.0))
    gate = policy_key("rate", "t1")

    def __init__(self) -> None:
        super().__init__()
        self.passed_when_paused: int | None = None

    @invariant()
    def what_passes_is_within_the_limit_and_nothing_passes_while_paused(self) -> None:
        state = self.world.policy_states.get(self.gate).state
        passed = len(state.get("said", []))
        assert len(state.get("starts", [])) <= 2
        assert len(self.world.starter.started) <= passed
        if "paused_at" in state:
            assert self.passed_when_paused in (None, passed)
            self.passed_when_paused = passed

    def teardown(self) -> None:
        self.world.settle()
        for _ in range(20):
            standing = self.world.policy_states.get(self.gate)
            state, woken = rate.resume(standing.state, self.world.clock.now)
            self.world.policy_states.put(self.gate, state, standing.revision)
            self.world.redrives.sent += woken
            self.world.settle()
        assert not self.world.ledger.due_at
        assert set(self.acknowledged) <= set(self.started_keys())


class QueueingWithinALimit(Queueing):
    """Two policies in a row. The first is far from holding anything."""

    policies = Policies(rate=Rate(60, 360_000.0), concurrency=Concurrency(2, "queue"))


TestQueueing = Queueing.TestCase
TestQueueingWithinALimit = QueueingWithinALimit.TestCase
TestBurstsOfSets = BurstsOfSets.TestCase
TestReplacing = Replacing.TestCase
TestSkipping = Skipping.TestCase
TestCancelling = Cancelling.TestCase
TestAssembling = Assembling.TestCase
TestDebounced = Debounced.TestCase
TestDebouncedWhereOthersEnd = DebouncedWhereOthersEnd.TestCase
TestLimited = Limited.TestCase
WITH_SLOTS = (TestQueueing, TestReplacing, TestSkipping, TestCancelling)
OF_TWO = (TestQueueingWithinALimit, TestBurstsOfSets)
for _case in (*WITH_SLOTS, *OF_TWO, TestAssembling, TestDebounced, TestDebouncedWhereOthersEnd, TestLimited):
    _case.settings = SETTINGS
del _case  # or it is collected once more
