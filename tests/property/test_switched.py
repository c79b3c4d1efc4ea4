"""Waiting events of a trigger that is disabled or changed, whatever fails in between: see `test_policies.py`."""

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule
from tests.property.faulty import FAULTS
from tests.property.policy import SETTINGS, Concurrent, Policy
from tests.unit.ingest.samples import trigger

from aftertrain.ingest.bucket_object import BucketObject
from aftertrain.ingest.drive import redrive
from aftertrain.ingest.policies import rate
from aftertrain.model.policy import Assemble, Concurrency, Debounce, Key, Order, Policies, Rate

# Others work in the middle of the n-th call, and nothing else goes wrong.
INTERRUPTED = FAULTS | st.integers(0, 8).map(lambda calls: ["ok"] * calls + ["meanwhile"])


class SwitchedOff(Concurrent):
    """A trigger that is disabled, or gets another limit, while events wait."""

    limit = 3
    policies = Policies(concurrency=Concurrency(1, "queue"))

    @initialize()
    def begin(self) -> None:
        self.off = False

    @rule(limit=st.integers(1, 3))
    def change_the_limit(self, limit: int) -> None:
        now = trigger(policies=Policies(concurrency=Concurrency(limit, "queue")))
        self.world.ports = self.world.ports._replace(current=lambda _: None if self.off else now)

    @rule()
    def switch_off(self) -> None:
        self.off = True
        self.change_the_limit(1)

    def is_alive(self) -> None:
        self.off = False
        self.change_the_limit(1)
        super().is_alive()

    def law(self) -> None:
        """An event that has not started was disabled, and only if the trigger was."""
        for key, verdict in self.verdicts().items():
            assert (verdict == "started") == (key in self.started_keys())
            assert verdict == "started" or (verdict == "disabled" and self.off)


class Interrupted(Policy):
    """A trigger that is disabled and enabled again in the middle of a start, and of everything that waits."""

    def __init__(self) -> None:
        super().__init__()
        self.on = True
        self.world.meanwhile = self.somebody_switches_and_drives_everything
        now = trigger(policies=self.policies)
        self.world.ports = self.world.ports._replace(current=lambda _: now if self.on else None)

    @rule()
    def switch(self) -> None:
        self.on = not self.on

    def somebody_switches_and_drives_everything(self) -> None:
        self.switch()
        for key in list(self.world.ledger.due_at):
            redrive(key, self.world.ports)


class SwitchedSlots(Interrupted, Concurrent):
    """Executions with slots."""

    limit = 1
    policies = Policies(concurrency=Concurrency(1, "queue"))

    def is_alive(self) -> None:
        self.on = True
        super().is_alive()

    def law(self) -> None:
        """An event that has not started was disabled."""
        for key, verdict in self.verdicts().items():
            assert (verdict == "started") == (key in self.started_keys())
            assert verdict in ("started", "disabled")


class WithoutSlots(Interrupted):
    """The last policy in the row remembers the starts that it let pass."""

    words = ("started", "disabled")

    @invariant()
    def what_is_called_disabled_has_not_started(self) -> None:
        started = self.started_keys()
        assert not [key for key, verdict in self.verdicts().items() if verdict == "disabled" and key in started]

    def teardown(self) -> None:
        self.on = True
        self.settle()
        assert not self.world.ledger.due_at
        for key, verdict in self.verdicts().items():
            assert (verdict == "started") == (key in self.started_keys())
            assert verdict in self.words

    def settle(self) -> None:
        self.world.settle()


class SwitchedOrder(WithoutSlots):
    """The bucket shows some objects late, so that their events wait, and some too late."""

    words = ("started", "disabled", "stale")
    policies = Policies(order=Order(Key(("source",))))

    @rule(faults=INTERRUPTED, back=st.integers(0, 2))
    def show(self, faults: list[str], back: int) -> None:
        """The bucket shows an object, and somebody processes a message."""
        key = f"k{max(1, self.sent - back)}"
        self.world.buckets.held[key] = BucketObject("models", key, "d41d8cd98f00b204e9800998ecf8427e", 1, 1.0)
        self.take_message(faults)

    def settle(self) -> None:
        for number in range(1, self.sent + 1):
            self.world.buckets.held[f"k{number}"] = BucketObject(
                "models", f"k{number}", "d41d8cd98f00b204e9800998ecf8427e", 1, 1.0
            )
        super().settle()


class SwitchedRate(WithoutSlots):
    """Most events are kept until a person resumes the trigger."""

    policies = Policies(rate=Rate(1, 3600.0))

    @rule(faults=INTERRUPTED)
    def resume(self, faults: list[str]) -> None:
        standing = self.world.policy_states.get("rate#t1")
        state, woken = rate.resume(standing.state, self.world.clock.now)
        self.world.policy_states.put("rate#t1", state, standing.revision)
        self.world.redrives.sent += woken
        for _ in woken:
            self.take_message(faults)

    def settle(self) -> None:
        for _ in range(20):
            self.resume([])
            super().settle()


class Switched(Policy):
    """A trigger that is disabled and enabled again while bursts and sets wait."""

    def __init__(self) -> None:
        super().__init__()
        self.off = False

    @rule()
    def switch(self) -> None:
        self.off = not self.off
        now = None if self.off else trigger(policies=self.policies)
        self.world.ports = self.world.ports._replace(current=lambda _: now)

    def teardown(self) -> None:
        self.world.settle(self.end_all)
        assert not self.world.ledger.due_at
        if self.off:
            self.switch()
        self.is_alive()
        assert all(not gate.state.get("over") for gate in self.world.policy_states.states.values())


class SwitchedBursts(Switched):
    policies = Policies(debounce=Debounce(30.0, 300.0), concurrency=Concurrency(1, "queue"))

    @rule()
    def end(self) -> None:
        self.end_all()


class SwitchedSets(Switched):
    policies = Policies(
        assemble=Assemble(600.0, pattern=r"-(?P<part>\d+)-of-(?P<total>\d+)"), concurrency=Concurrency(1, "queue")
    )

    @rule(run=st.integers(0, 3), part=st.integers(1, 2), faults=FAULTS)
    def deliver(self, run: int, part: int, faults: list[str]) -> None:
        self.post(f"r{run}/m-{part}-of-2", faults)

    @rule(run=st.integers(0, 1), part=st.integers(1, 2))
    def write_again(self, run: int, part: int) -> None:
        """Another upload of it, for which the last part may be held."""
        self.sent += 1
        written = {"key": f"r{run}/m-{part}-of-2", "eTag": f"{self.sent:032}"}
        self.post(written["key"], [], object=written, eventTime=f"2026-05-16T10:{self.sent:02}:00.000Z")

    @rule()
    def look(self) -> None:
        for _ in list(self.world.redrives.sent):
            self.world.take_message([])

    @rule(run=st.integers(0, 3))
    def deliver_all(self, run: int) -> None:
        self.deliver(run, 1, [])
        self.deliver(run, 2, [])

    @initialize()
    def begin(self) -> None:
        self.post("alone/m-1-of-3", [])

    def is_alive(self) -> None:
        """A set whose first part waited when the trigger was disabled starts, or is reported as incomplete."""
        self.world.clock.now += 7200
        self.post("alone/m-2-of-3", [])
        for run in ("r3", "new"):
            self.sent += 1
            for part in (1, 2):
                self.post(f"{run}/m-{part}-of-2", [])
        self.world.settle(self.end_all)
        started = {given["event"]["subject"].split("/")[0] for given in self.inputs()}
        assert "new" in started
        assert "r3" in started or "disabled" in self.verdicts().values()
        assert "incomplete" in {self.verdicts()[f"alone/m-{part}-of-3"] for part in (1, 2)}


TestSwitchedOff = SwitchedOff.TestCase
TestSwitchedSlots = SwitchedSlots.TestCase
TestSwitchedBursts = SwitchedBursts.TestCase
TestSwitchedSets = SwitchedSets.TestCase
TestSwitchedOrder = SwitchedOrder.TestCase
TestSwitchedRate = SwitchedRate.TestCase
for _case in (
    TestSwitchedOff,
    TestSwitchedSlots,
    TestSwitchedBursts,
    TestSwitchedSets,
    TestSwitchedOrder,
    TestSwitchedRate,
):
    _case.settings = SETTINGS
del _case  # or it is collected once more
