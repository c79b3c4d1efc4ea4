"""Bursts of events, and the times of their next checks."""

import json
from dataclasses import replace

from tests.ingest_fakes import FakeLedger, FakeStarter, ingest_ports
from tests.unit.ingest.samples import notification, snapshot, tigris_event, trigger
from tests.unit.ingest.setting import Setting, ticket

from aftertrain.ingest.policies import debounce
from aftertrain.ingest.policies.debounce import KEPT_BURSTS
from aftertrain.ingest.policies.decision import LOOK_AGAIN_SECONDS
from aftertrain.ingest.receive import receive
from aftertrain.model.event import Event
from aftertrain.model.policy import Debounce, Policies


def test_params_of_a_burst_are_those_of_its_newest_event() -> None:
    policies = Policies(debounce=Debounce(30.0, 600.0))
    setting = Setting()
    setting.watching = snapshot(trigger(policies=policies, params={"uri": "{{ event.uri }}"}))
    setting.send("a")
    setting.send("b")
    setting.clock.now += 31
    setting.drive_all()

    assert setting.inputs[0]["params"] == {"uri": "s3://models/b"}


def test_a_large_event_of_a_burst_stands_in_its_input_once() -> None:
    event = Event("x.y", "1", "s", "t", "k", {"text": "x" * 150_000})
    one = replace(ticket(), event=event)
    state, _ = debounce.decide({}, one, Debounce(1.0, 1.0), 0.0)
    _, passed = debounce.decide(state, one, Debounce(1.0, 1.0), 2.0)

    assert (passed.input["event"]["data"], passed.input["events"]) == (event.data, [])
    assert passed.input["events_left_out"] == 1


def test_a_burst_starts_once_with_the_newest_and_all_of_it() -> None:
    setting = Setting(debounce=Debounce(30.0, 600.0))
    assert [setting.send(key).verdict for key in ("a", "b", "c")] == ["debounced"] * 3
    setting.clock.now += 29
    setting.drive_all()
    assert setting.inputs == []
    setting.clock.now += 1
    setting.drive_all()

    (given,) = setting.inputs
    assert given["event"]["subject"] == "c"
    assert [event["subject"] for event in given["event"]["data"]["events"]] == ["a", "b", "c"]
    assert setting.verdict("b").execution == setting.verdict("a").execution


def test_a_burst_that_does_not_end_starts_all_the_same() -> None:
    setting = Setting(debounce=Debounce(30.0, 60.0))
    for number in range(4):
        setting.send(f"k{number}")
        setting.clock.now += 20
    setting.drive_all()

    assert len(setting.inputs) == 1


def test_a_held_event_is_queued_for_the_time_when_it_is_due() -> None:
    setting = Setting(debounce=Debounce(30.0, 600.0))
    setting.send("a")

    assert setting.redrives.delays == [31.0]


def test_what_is_due_much_later_is_left_to_the_sweeper() -> None:
    setting = Setting(debounce=Debounce(7200.0, 7200.0))
    setting.send("a")
    (key,) = setting.ledger.records

    assert setting.redrives.sent == []
    assert setting.ledger.due_at[key] == setting.clock.now + 7200


def test_params_come_from_the_event_and_a_missing_one_fails_the_start() -> None:
    watching = snapshot(
        trigger("good", params={"uri": "{{ event.uri }}", "n": 1}), trigger("bad", params={"x": "{{ event.nothing }}"})
    )
    ledger, starter = FakeLedger(), FakeStarter()
    receive(notification(tigris_event("a")), watching, ingest_ports(ledger, starter))
    (record,) = ledger.records.values()

    assert [(each.trigger_id, each.verdict, each.clause) for each in record.all_verdicts] == [
        ("bad", "failed", "params.x"),
        ("good", "started", ""),
    ]
    ((_, text),) = starter.started.values()
    assert json.loads(text)["params"] == {"uri": "s3://models/a", "n": 1}


def test_a_burst_waits_while_as_many_others_have_ended_and_not_started() -> None:
    """The state remembers that many ended bursts, and no more."""
    policy, ended = Debounce(1.0, 1.0), [[f"n{number}", {"events": [], "newest": {}}] for number in range(KEPT_BURSTS)]
    state, _ = debounce.decide({"over": ended}, ticket("next"), policy, 0.0)
    _, held = debounce.decide(state, ticket("next"), policy, 10.0)
    _, passed = debounce.decide(state | {"over": ended[1:]}, ticket("next"), policy, 10.0)

    assert (held.verdict, held.until) == ("debounced", 10.0 + LOOK_AGAIN_SECONDS)
    assert passed.verdict == "started"
