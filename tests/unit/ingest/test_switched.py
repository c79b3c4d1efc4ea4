"""Waiting events when their trigger is disabled, or changes."""

import contextlib
from typing import Any

import pytest
from tests.unit.ingest.samples import notification, tigris_event, trigger
from tests.unit.ingest.setting import Setting, ticket

from aftertrain.errors import BusyError
from aftertrain.ingest.drive import redrive
from aftertrain.ingest.policies import concurrency, order, rate
from aftertrain.ingest.policies.decision import DISABLED, PASS
from aftertrain.ingest.policies.order import Recency
from aftertrain.ingest.receive import receive
from aftertrain.ingest.slots import release_slots
from aftertrain.model.policy import Assemble, Concurrency, Debounce, Policies, Rate
from aftertrain.model.trigger import Trigger

VERSION = Recency("version", 1.0, "1")


class Changing(Setting):
    """A trigger that has changed since its events arrived."""

    def now(self, found: Trigger | None) -> None:
        self.ports = self.ports._replace(current=lambda _: found)


def test_what_waits_of_a_trigger_that_is_off_does_not_start() -> None:
    setting = Changing(concurrency=Concurrency(1, "queue"))
    first, *_ = (setting.send(key) for key in ("a", "b", "c"))
    setting.now(None)
    setting.drive_all()

    assert [setting.verdict(key).verdict for key in ("a", "b", "c")] == ["started", "disabled", "disabled"]
    assert list(setting.starter.started) == [first.execution]


def test_what_has_come_for_its_slot_when_the_trigger_is_switched_off_starts() -> None:
    """A worker that saw the trigger enabled may start it at this moment, and die before it records that."""
    setting = Changing(concurrency=Concurrency(1, "queue"))
    setting.now(trigger(policies=Policies(concurrency=Concurrency(1, "queue"))))
    first, *_ = (setting.send(key) for key in ("a", "b", "c"))
    waiting = list(setting.ledger.records)[1]
    setting.starter.ended.add(str(first.execution))
    release_slots("concurrency#t1", frozenset({str(first.execution)}), setting.ports)
    setting.starter.busy = 1
    with pytest.raises(BusyError):
        redrive(waiting, setting.ports)
    setting.now(None)
    setting.drive_all()

    assert [setting.verdict(key).verdict for key in ("a", "b", "c")] == ["started", "started", "disabled"]
    assert len(setting.starter.started) == 2
    state = setting.ports.policy_states.get("concurrency#t1").state
    assert [seat.name for seat in concurrency.claims(state, "running")] == list(setting.starter.started)[1:]


def test_a_slot_that_nobody_has_come_for_goes_to_nobody_of_a_trigger_that_is_off() -> None:
    setting = Changing(concurrency=Concurrency(1, "queue"))
    first, *_ = (setting.send(key) for key in ("a", "b"))
    setting.starter.ended.add(str(first.execution))
    release_slots("concurrency#t1", frozenset({str(first.execution)}), setting.ports)
    setting.now(None)
    setting.drive_all()
    assert setting.verdict("b").verdict == "disabled"
    setting.now(trigger(policies=Policies(concurrency=Concurrency(1, "queue"))))

    assert setting.send("c").verdict == "started"


@pytest.mark.parametrize(
    "policies",
    [
        {"debounce": Debounce(30.0, 600.0)},
        {"assemble": Assemble(600.0, pattern=r"-(?P<part>\d+)-of-(?P<total>\d+)")},
        {"debounce": Debounce(30.0, 600.0), "concurrency": Concurrency(1, "queue")},
    ],
)
def test_what_was_let_pass_before_the_trigger_was_switched_off_starts(policies: dict[str, Any]) -> None:
    """Another worker may be starting it at this moment, and may not be able to record that."""
    setting = Changing(**policies)
    setting.now(trigger(policies=Policies(**policies)))
    setting.starter.busy = 1
    for part in (1, 2):
        receive(notification(tigris_event(f"m-{part}-of-2")), setting.watching, setting.ports)
    keys = list(setting.ledger.records)
    setting.clock.now += 60
    for key in keys:
        with contextlib.suppress(BusyError):
            redrive(key, setting.ports)
    setting.starter.busy = 0
    setting.now(None)
    for _ in range(3):
        setting.drive_all()

    assert len(setting.starter.started) == 1
    assert "disabled" not in {setting.verdict(f"m-{part}-of-2").verdict for part in (1, 2)}


def test_what_began_and_ended_since_it_was_looked_for_is_not_disabled() -> None:
    state, _ = concurrency.decide({}, ticket("n"), Concurrency(1, "queue"))
    state, _ = concurrency.release(state, frozenset({"n"}))

    assert concurrency.withdraw(state, "n") == (state, PASS)


def test_what_was_withdrawn_is_stopped_where_it_is_seen_running() -> None:
    state, told = concurrency.withdraw({}, "n")

    assert told.verdict == "disabled"
    assert concurrency.is_cancelled(state, "n")
    assert concurrency.decide(state, ticket("n"), Concurrency(1, "cancel"))[1].verdict == "disabled"


def test_what_was_let_pass_as_the_newest_cannot_be_withdrawn_any_more() -> None:
    state, _ = order.decide({}, ticket("waited", waited=True), VERSION)
    state, _ = order.decide(state, ticket("overtakes"), VERSION)

    assert [order.withdraw(state, name) for name in ("waited", "overtakes")] == [(state, PASS)] * 2
    assert order.withdraw(state, "other")[1] == DISABLED


def test_what_was_withdrawn_is_let_pass_by_nobody() -> None:
    """A worker that saw the trigger enabled may ask after that."""
    by_order, by_rate = order.withdraw({}, "n")[0], rate.withdraw({}, "n")[0]

    assert order.decide(by_order, ticket("n", waited=True), VERSION) == (by_order, DISABLED)
    assert rate.decide(by_rate, ticket("n", waited=True), Rate(1, 60.0), 0.0) == (by_rate, DISABLED)
    assert rate.withdraw(rate.decide({}, ticket("n"), Rate(1, 60.0), 0.0)[0], "n")[1] == PASS


def test_a_limit_that_was_raised_holds_for_those_that_wait_and_wakes_them() -> None:
    setting = Changing(concurrency=Concurrency(1, "queue"))
    for key in "abcde":
        setting.send(key)
    setting.now(trigger(policies=Policies(concurrency=Concurrency(4, "queue"))))
    waiting = list(setting.ledger.records)[1]
    setting.redrives.sent.clear()
    redrive(waiting, setting.ports)
    for key in setting.redrives.sent:
        redrive(key, setting.ports)

    assert [setting.verdict(key).verdict for key in "abcde"] == ["started"] * 4 + ["queued"]


def test_a_set_whose_last_part_was_given_up_starts_by_its_first() -> None:
    """A rewritten part delays the last one, and then the trigger is disabled for a moment."""
    sets = Policies(assemble=Assemble(600.0, pattern=r"-(?P<part>\d+)-of-(?P<total>\d+)"))
    setting = Changing(assemble=sets.assemble)
    again = {"object": {"key": "m-1-of-2", "eTag": "b" * 32}, "eventTime": "2026-05-15T10:31:00.000Z"}
    setting.send("m-1-of-2")
    first = next(iter(setting.ledger.records))
    receive(notification(tigris_event("m-1-of-2", **again)), setting.watching, setting.ports)
    assert setting.send("m-2-of-2", eventTime="2026-05-15T10:31:10.000Z").verdict == "assembling"
    setting.now(None)
    redrive(list(setting.ledger.records)[-1], setting.ports)
    assert setting.verdict("m-2-of-2").verdict == "disabled"
    setting.now(trigger(policies=sets))
    for _ in range(3):
        setting.clock.now += 3600
        redrive(first, setting.ports)

    (told,) = setting.inputs
    assert told["event"]["data"]["parts"][0]["etag"] == "b" * 32
    assert setting.ledger.records[first].done
