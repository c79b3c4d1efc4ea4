"""The common part of all machines that test a policy.

The real phases run over fakes that fail, die, lose answers and let others work in the middle of a call. Executions end
at any time, and the news of it may be lost.
"""

import json
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from tests.property.examples import examples
from tests.property.faulty import FAULTS, World
from tests.property.laws import broken
from tests.unit.ingest.samples import notification, snapshot, tigris_event, trigger

from aftertrain.ingest.admit import policy_key
from aftertrain.ingest.receive import receive
from aftertrain.ingest.slots import reclaim_slots, release_slots
from aftertrain.ingest.sweep import sweep
from aftertrain.model.policy import Policies

SETTINGS = settings(max_examples=examples(45), stateful_step_count=25, deadline=None)


class Policy(RuleBasedStateMachine):
    """Senders, redrivers, sweepers and ending executions. A subclass names the policy and its law."""

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

    def post(self, key: str, faults: list[str], **more: Any) -> None:
        request = notification(tigris_event(key, **more))
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
        """Every execution ends, and its end is reported."""
        for name in self.running:
            self.world.starter.ended.add(name)
            release_slots(policy_key("concurrency", "t1"), frozenset({name}), self.world.ports)

    def is_alive(self) -> None:
        """Whatever has happened before, a new event starts when nothing fails."""
        self.world.clock.now += 7200
        self.end_all()
        self.deliver_one("alive")
        self.world.settle(self.end_all)
        assert not self.world.ledger.due_at
        assert self.verdicts()["alive"] == "started", self.verdicts()

    def deliver_one(self, key: str) -> None:
        """An event that starts an execution alone."""
        self.post(key, [])

    def inputs(self) -> list[dict[str, Any]]:
        """The inputs of the executions, in the order of their starts."""
        return [json.loads(text) for _, text in self.world.starter.started.values()]

    def verdicts(self) -> dict[str, str]:
        """The last verdict on each event, by its key."""
        return {record.event.subject: record.all_verdicts[0].verdict for record in self.world.ledger.records.values()}

    def started_keys(self) -> list[str]:
        return [given["event"]["subject"] for given in self.inputs()]


class Concurrent(Policy):
    """Executions with slots."""

    limit = 2
    slot = policy_key("concurrency", "t1")

    @rule(number=st.integers(0, 3), lost=st.booleans(), faults=FAULTS)
    def end(self, number: int, lost: bool, faults: list[str]) -> None:
        """An execution ends. The news of it arrives, or is lost."""
        if number < len(self.running):
            name = self.running[number]
            self.world.starter.ended.add(name)
            if not lost:
                self.world.survives(lambda: release_slots(self.slot, frozenset({name}), self.world.ports), faults)

    @invariant()
    def no_more_than_the_limit_run(self) -> None:
        assert len(self.running) <= self.limit

    def teardown(self) -> None:
        def end_all() -> None:
            for name in self.running:
                self.world.starter.ended.add(name)
                release_slots(self.slot, frozenset({name}), self.world.ports)
            reclaim_slots(self.slot, self.world.ports)

        self.world.settle(end_all)
        assert not self.world.ledger.due_at
        self.law()
        self.is_alive()

    def law(self) -> None:
        raise NotImplementedError
