"""What policies decide where nothing goes wrong; `tests/property/test_policies.py` is for where something does."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.ingest_fakes import FakeBuckets, FakeClock, FakeLedger, FakeRedrives, FakeStarter, ingest_ports
from tests.unit.ingest.samples import PIPELINE, notification, snapshot, tigris_event, trigger

from aftertrain.ingest.drive import redrive
from aftertrain.ingest.objects import Object
from aftertrain.ingest.policies import assemble, concurrency, debounce, order
from aftertrain.ingest.policies.decision import Ticket
from aftertrain.ingest.policies.keys import key_of
from aftertrain.ingest.ports import Ports
from aftertrain.ingest.receive import receive
from aftertrain.ingest.record import EventKey
from aftertrain.ingest.slots import give_back, heal
from aftertrain.ingest.verdict import Verdict
from aftertrain.ingest.version import version_of
from aftertrain.model.event import Event
from aftertrain.model.policy import Assemble, Concurrency, Debounce, Key, Order, Policies, Rate
from aftertrain.model.trigger import Trigger

INDEX = "model.safetensors.index.json"


class Setting:
    """A trigger with policies, and what became of the events that were sent to it."""

    def __init__(self, buckets: FakeBuckets | None = None, **policies: Any) -> None:
        self.watching = snapshot(trigger(policies=Policies(**policies)))
        self.ledger, self.starter, self.redrives = FakeLedger(), FakeStarter(), FakeRedrives()
        self.clock, self.buckets = FakeClock(), buckets
        self.ports: Ports = ingest_ports(self.ledger, self.starter, self.redrives, self.clock, buckets)

    def send(self, key: str, **more: Any) -> Verdict:
        receive(notification(tigris_event(key, **more)), self.watching, self.ports)
        return self.verdict(key)

    def verdict(self, key: str) -> Verdict:
        (found,) = (record for record in self.ledger.records.values() if record.event.subject == key)
        return found.all_verdicts[0]

    def drive_all(self) -> None:
        for key in list(self.ledger.records):
            redrive(key, self.ports)

    @property
    def inputs(self) -> list[dict[str, Any]]:
        return [json.loads(text) for _, text in self.starter.started.values()]


def test_the_second_of_a_full_trigger_waits_and_says_for_whom() -> None:
    setting = Setting(concurrency=Concurrency(1, "queue"))
    first, second = setting.send("a"), setting.send("b")

    assert (first.verdict, second.verdict, second.final) == ("started", "queued", False)
    assert second.actual == [first.execution]


def test_keys_are_counted_apart() -> None:
    by_run = Key(("subject",), "^runs/([^/]+)/")
    setting = Setting(concurrency=Concurrency(1, "skip", by_run))

    assert [setting.send(key).verdict for key in ("runs/1/a", "runs/2/a", "runs/1/b")] == [
        "started",
        "started",
        "skipped",
    ]


def test_a_slot_whose_end_nobody_heard_of_is_found_when_somebody_waits() -> None:
    setting = Setting(concurrency=Concurrency(1, "queue"))
    first = setting.send("a")
    setting.send("b")
    setting.starter.ended.add(str(first.execution))
    setting.drive_all()
    setting.drive_all()

    assert setting.verdict("b").verdict == "started"


def test_cancel_stops_what_runs() -> None:
    setting = Setting(concurrency=Concurrency(1, "cancel"))
    first, second = setting.send("a"), setting.send("b")

    assert second.verdict == "started"
    assert setting.starter.ended == {first.execution}


def test_a_start_that_is_over_does_not_cancel_what_came_after_it() -> None:
    """Its process died before it could say that it had started; whoever drives it again must not stop the next one."""
    setting = Setting(concurrency=Concurrency(1, "cancel"))
    setting.send("a")
    (first,) = setting.ledger.records.values()
    name = first.executions[0]
    setting.ledger.records[first.key] = first._replace(done=False, verdicts=())
    setting.starter.ended.add(name)
    give_back("concurrency#t1", frozenset({name}), setting.ports)
    setting.send("b")
    setting.drive_all()

    assert (setting.verdict("a").verdict, setting.verdict("b").verdict) == ("started", "started")
    assert setting.starter.ended == {name}


def test_a_slot_that_is_given_back_wakes_the_next() -> None:
    setting = Setting(concurrency=Concurrency(1, "queue"))
    first = setting.send("a")
    setting.send("b")
    setting.redrives.sent.clear()
    give_back("concurrency#t1", frozenset({str(first.execution)}), setting.ports)
    (woken,) = setting.redrives.sent

    assert setting.ledger.records[woken].event.subject == "b"


def test_a_start_that_is_refused_gives_its_slot_back() -> None:
    setting = Setting(concurrency=Concurrency(1, "queue"))
    setting.starter.refuses.add(PIPELINE.machine_arn)
    first = setting.send("a")
    setting.starter.refuses.clear()

    assert (first.verdict, setting.send("b").verdict) == ("failed", "started")


@pytest.mark.parametrize("holds", [False, True])
def test_a_start_that_was_given_up_is_refused_and_stopped_whoever_asks_for_it(holds: bool) -> None:
    """Two work on one event; one finds that it is stale while the other is about to start it."""
    policy = Concurrency(1, "queue")
    state, _ = concurrency.decide({}, ticket("n"), policy) if holds else ({}, None)
    state, _ = concurrency.forfeit(state, "n")
    state, again = concurrency.decide(state, ticket("n"), policy)
    _, other = concurrency.decide(state, ticket("other"), policy)

    assert (again.verdict, again.final, other.verdict) == ("replaced", True, "started")
    assert concurrency.is_cancelled(state, "n")


def test_a_slot_is_kept_while_its_execution_runs_whatever_start_says() -> None:
    """After a crash a burst starts with another input; Step Functions answers that the name exists, and it runs on."""
    setting = Setting(debounce=Debounce(30.0, 600.0), concurrency=Concurrency(1, "queue"))
    setting.send("a")
    setting.clock.now += 31
    setting.drive_all()
    (first,) = setting.ledger.records.values()
    setting.ledger.records[first.key] = first._replace(done=False, verdicts=())
    setting.drive_all()

    state = setting.ports.gates.get("concurrency#t1").state
    assert [seat.name for seat in concurrency.seats(state, "running")] == list(setting.starter.started)


def test_a_slot_of_a_start_that_nobody_will_make_is_found() -> None:
    setting = Setting(concurrency=Concurrency(1, "queue"))
    first = setting.send("a")
    setting.starter.started.clear()  # as if the start had never come through, and the record says that it has
    setting.send("b")
    heal("concurrency#t1", setting.ports)
    setting.drive_all()

    assert first.verdict == "started"
    assert setting.verdict("b").verdict == "started"


def test_a_burst_takes_and_gives_back_one_and_the_same_slot() -> None:
    """Its events may have other keys of `concurrency`; the first one's is the burst's."""
    by_run = Key(("subject",), "^runs/([^/]+)/")
    setting = Setting(debounce=Debounce(30.0, 600.0), concurrency=Concurrency(1, "queue", by_run))
    setting.send("runs/1/a")
    setting.send("runs/2/a")
    setting.clock.now += 31
    setting.drive_all()
    taken = [name for name in setting.ports.gates.gates if name.startswith("concurrency")]

    assert taken == [setting.inputs[0]["trigger"]["slot"]]


def test_params_of_a_burst_are_those_of_its_newest_event() -> None:
    policies = Policies(debounce=Debounce(30.0, 600.0))
    setting = Setting()
    setting.watching = snapshot(trigger(policies=policies, params={"uri": "{{ event.uri }}"}))
    setting.send("a")
    setting.send("b")
    setting.clock.now += 31
    setting.drive_all()

    assert setting.inputs[0]["params"] == {"uri": "s3://models/b"}


@pytest.mark.parametrize("version", [None, "latest", "inf", float("nan"), {"n": 1}])
def test_what_has_no_version_is_seen_and_outrun_by_what_has_one(version: Any) -> None:
    ports = ingest_ports()
    event, numbered = (Event("model.added", "1", "s", "t", "m", {"version": each}) for each in (version, 3))
    state, first = order.decide({}, ticket("a"), version_of(event, Order(), ticket(), ports))
    state, second = order.decide(state, ticket("b"), version_of(numbered, Order(), ticket(), ports))
    _, third = order.decide(state, ticket("c"), version_of(event, Order(), ticket(), ports))

    assert [each.verdict for each in (first, second, third)] == ["started", "started", "stale"]
    assert json.loads(json.dumps(state, allow_nan=False)) == state


@pytest.mark.parametrize("key", ["m-x-of-y", "m--of-3", "other"])
def test_what_is_no_part_is_filtered(key: str) -> None:
    setting = Setting(assemble=Assemble(600.0, pattern=r"-(?P<part>\w*)-of-(?P<total>\w+)"))

    assert (setting.send(key).verdict, setting.verdict(key).clause) == ("filtered", "assemble")


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


def test_a_pattern_assembles_what_the_key_has_around_it() -> None:
    setting = Setting(assemble=Assemble(600.0, pattern=r"-(?P<part>\d+)-of-(?P<total>\d+)"))
    keys = [f"{run}/m-0000{part}-of-00002.safetensors" for part in (1, 2) for run in ("a", "b")]

    assert [setting.send(key).verdict for key in keys] == ["assembling", "assembling", "started", "started"]
    assert [part["key"] for part in setting.inputs[0]["event"]["data"]["parts"]] == keys[::2]


def test_what_is_missing_at_the_deadline_is_named_and_completes_the_set_when_it_comes() -> None:
    setting = Setting(assemble=Assemble(600.0, pattern=r"-(?P<part>\d+)-of-(?P<total>\d+)"))
    setting.send("m-1-of-3")
    setting.send("m-2-of-3")
    setting.clock.now += 601
    setting.drive_all()
    missed = setting.verdict("m-1-of-3")

    assert (missed.verdict, missed.actual) == ("incomplete", "2 of them; missing: 3")
    assert setting.send("m-3-of-3").verdict == "started"


SHARDS = Assemble(600.0, pattern=r"-(?P<part>\d+)-of-(?P<total>\d+)")


def sent(setting: Setting, part: int, version: str, written: int) -> str:
    """What becomes of a shard of three that was written so many seconds after ten."""
    key, time = f"m-{part}-of-3", (datetime(2026, 5, 15, 10, tzinfo=UTC) + timedelta(seconds=written)).isoformat()
    given = tigris_event(key, eventTime=time, object={"key": key, "size": 1, "eTag": f"{part}{version}"})
    receive(notification(given), setting.watching, setting.ports)
    records = (r for r in setting.ledger.records.values() if r.event.data["etag"] == f"{part}{version}")
    return next(records).all_verdicts[0].verdict


def started(setting: Setting) -> list[list[str]]:
    return [[part["etag"] for part in given["event"]["data"]["parts"]] for given in setting.inputs]


def test_two_uploads_that_overlap_are_not_mixed() -> None:
    setting = Setting(assemble=SHARDS)
    words = [sent(setting, *each) for each in ((1, "a", 0), (2, "a", 10), (1, "b", 20), (3, "a", 19))]
    assert words == ["assembling"] * 4
    for part, written in ((2, 30), (3, 40)):
        setting.clock.now += 10
        assert sent(setting, part, "b", written) == "assembling"
    setting.clock.now += 59
    setting.drive_all()
    assert started(setting) == []
    setting.clock.now += 2
    setting.drive_all()

    assert started(setting) == [["1b", "2b", "3b"]]
    assert {sent(setting, 1, "b", 20), sent(setting, 2, "b", 30)} <= {"assembling", "started"}


def test_a_part_that_was_mended_starts_when_it_has_been_quiet() -> None:
    setting = Setting(assemble=SHARDS)
    for each in ((1, "a", 0), (2, "a", 100), (1, "b", 150), (3, "a", 190)):
        sent(setting, *each)
    setting.clock.now += 99  # the longest time between two of the parts was 50 s
    setting.drive_all()
    assert started(setting) == []
    setting.clock.now += 2
    setting.drive_all()

    assert started(setting) == [["1b", "2a", "3a"]]


def test_quiet_is_waited_for_as_long_as_a_set_may_take_and_no_longer() -> None:
    setting = Setting(assemble=SHARDS)
    for each in ((1, "a", 0), (1, "b", 1), (2, "a", 2), (3, "a", 3)):
        sent(setting, *each)
    (last,) = (key for key, record in setting.ledger.records.items() if record.event.data["etag"] == "3a")
    assert setting.ledger.due_at[last] == setting.clock.now + 60  # nobody has to wake it
    for number in range(12):
        assert started(setting) == []
        setting.clock.now += 50
        setting.drive_all()
        sent(setting, 1, f"c{number}", 4 + number)

    assert started(setting) == [["1c10", "2a", "3a"]]


def test_what_starts_is_about_the_part_that_came_last_which_the_bucket_still_has() -> None:
    there = {f"m-{part}-of-3": Object("models", f"m-{part}-of-3", f"{part}b", 1, 9.0 + part) for part in (1, 2, 3)}
    by_set = Key(("subject",), "^(m)-")
    setting = Setting(FakeBuckets(there), assemble=SHARDS, order=Order(key=by_set))
    for each in ((1, "a", 0), (2, "a", 1), (1, "b", 2), (3, "a", 1), (2, "b", 3), (3, "b", 4)):
        sent(setting, *each)
    setting.clock.now += 61
    setting.drive_all()

    assert started(setting) == [["1b", "2b", "3b"]]
    assert setting.inputs[0]["event"]["data"]["etag"] == "3b"


def test_an_older_part_that_comes_late_is_stale() -> None:
    setting = Setting(assemble=SHARDS)

    assert [sent(setting, 1, "b", 9), sent(setting, 1, "a", 0)] == ["assembling", "stale"]


def test_parts_may_be_counted_from_zero() -> None:
    setting = Setting(assemble=Assemble(600.0, pattern=r"-(?P<part>\d+)-of-(?P<total>\d+)"))

    assert [setting.send(f"m-{part}-of-2").verdict for part in (1, 0)] == ["assembling", "started"]


def test_an_index_says_which_files_there_are() -> None:
    names = ("model-1.safetensors", "model-2.safetensors")
    setting = Setting(FakeBuckets(indexes={f"run/{INDEX}": names}), assemble=Assemble(600.0, index=INDEX))
    words = [setting.send(f"run/{name}").verdict for name in (names[1], INDEX, "config.json", names[0])]

    assert words == ["assembling", "assembling", "assembling", "started"]


def test_a_marker_completes_its_folder_with_what_lies_there() -> None:
    there = {key: Object("models", key, "e", 1, 1.0) for key in ("run/a", "run/b")}
    setting = Setting(FakeBuckets(there), assemble=Assemble(600.0, marker="_SUCCESS"))
    words = [setting.send(f"run/{name}").verdict for name in ("a", "_SUCCESS")]

    assert words == ["assembling", "started"]
    parts = {part["key"] for part in setting.inputs[0]["event"]["data"]["parts"]}
    assert parts == {"run/a", "run/b", "run/_SUCCESS"}


def test_the_webhook_leaves_a_look_into_a_bucket_to_the_queue() -> None:
    setting = Setting(None, order=Order())

    assert setting.send("a").verdict == "received"
    assert len(setting.redrives.sent) == 1


@pytest.mark.parametrize(
    ("held", "verdict", "actual"),
    [
        (Object("models", "a", "d41d8cd98f00b204e9800998ecf8427e", 1, 5.0), "started", None),
        (Object("models", "a", "another", 1, 5.0), "stale", "it is gone, or was written again"),
        (None, "stale", "it is gone, or was written again"),
    ],
)
def test_only_what_the_bucket_still_has_starts(held: Object | None, verdict: str, actual: str | None) -> None:
    setting = Setting(FakeBuckets({"a": held} if held else {}), order=Order())
    setting.send("a")
    setting.clock.now += 61  # a bucket may be behind for a while
    setting.drive_all()

    assert (setting.verdict("a").verdict, setting.verdict("a").actual) == (verdict, actual)


def test_a_bucket_that_is_behind_is_asked_again_in_seconds() -> None:
    setting = Setting(FakeBuckets(), order=Order())
    held = setting.send("a")
    assert setting.buckets is not None
    setting.buckets.held["a"] = Object("models", "a", "d41d8cd98f00b204e9800998ecf8427e", 1, 5.0)
    setting.clock.now += 5
    setting.drive_all()

    assert (held.verdict, held.final, setting.redrives.delays) == ("received", False, [6.0])
    assert setting.verdict("a").verdict == "started"


def ticket(name: str = "n") -> Ticket:
    event = Event("object.created", "1", "s", "t", "k", {"bucket": "b", "sequencer": "0A"})
    return Ticket(name, "t1", EventKey("s", "1"), event, "arn", 0.0)


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ({"sequencer": "0055AED6DCD90281E5"}, {"sequencer": "0055AED6DCD90281E6"}),
        ({"sequencer": "0064D3901D00059242"}, {"sequencer": "0064D390AF"}),
        ({"sequencer": "0064d390"}, {"sequencer": "0064D3901"}),
    ],
)
def test_sequencers_are_compared_as_texts_of_any_length(earlier: dict[str, Any], later: dict[str, Any]) -> None:
    ports = ingest_ports()
    events = [Event("object.created", "1", "s", "t", "k", data) for data in (earlier, later)]
    first, second = (version_of(event, Order(), ticket(), ports) for event in events)
    state, passed = order.decide({}, ticket("a"), second)
    _, refused = order.decide(state, ticket("b"), first)

    assert (passed.verdict, refused.verdict) == ("started", "stale")


@pytest.mark.parametrize(
    ("versions", "words"), [((9, 10), ["started", "started"]), (("v10", "9"), ["started", "stale"])]
)
def test_registries_order_by_their_versions(versions: tuple[Any, Any], words: list[str]) -> None:
    state: dict[str, Any] = {}
    found = []
    for number, version in enumerate(versions):
        event = Event("model.added", str(number), "s", "t", "m", {"version": version})
        state, decision = order.decide(state, ticket(str(number)), version_of(event, Order(), ticket(), ingest_ports()))
        found.append(decision.verdict)

    assert found == words


def test_a_key_is_the_values_at_its_paths_or_what_its_groups_find() -> None:
    event = Event("object.created", "1", "s", "t", "runs/7/m", {"bucket": "b"})

    assert key_of(event, None) == ""
    assert key_of(event, Key(("bucket", "nothing"))) == '["b",null]'
    assert key_of(event, Key(("subject",), "^runs/([^/]+)/")) == '[["7"]]'
    assert key_of(event, Key(("subject",), "^other/")) == '["runs/7/m"]'


def test_too_many_parts_are_refused() -> None:
    piece = assemble.Piece("1", total=1001)
    policy = Assemble(1.0, pattern="x")
    _, decision = assemble.decide({}, ticket(), piece, policy, 0.0)

    assert (decision.verdict, decision.expected) == ("failed", "at most 1000 parts")


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


def test_of_a_burst_of_checkpoints_the_newest_brings_its_own_parts() -> None:
    setting = Setting(assemble=SHARDS, debounce=Debounce(30.0, 600.0))
    for run in ("step-100", "step-200"):
        for part in (1, 2):
            setting.send(f"{run}/m-{part}-of-2")
    setting.clock.now += 31
    setting.drive_all()
    (told,) = setting.inputs

    assert told["event"]["subject"] == "step-200/m-2-of-2"
    assert [part["key"] for part in told["event"]["data"]["parts"]] == ["step-200/m-1-of-2", "step-200/m-2-of-2"]
    assert [[part["key"][:8] for part in each["data"]["parts"]] for each in told["event"]["data"]["events"]] == [
        ["step-100"] * 2,
        ["step-200"] * 2,
    ]


def test_what_was_left_of_an_earlier_upload_completes_none() -> None:
    setting = Setting(assemble=SHARDS)
    sent(setting, 3, "old", 0)
    setting.clock.now += 601
    setting.drive_all()
    day = 24 * 3600
    sent(setting, 1, "new", day)
    sent(setting, 2, "new", day + 10)
    assert started(setting) == []
    sent(setting, 3, "new", day + 20)

    assert started(setting) == [["1new", "2new", "3new"]]


def test_params_are_taken_from_what_policies_add() -> None:
    setting = Setting(assemble=SHARDS)
    setting.watching = snapshot(
        trigger(policies=Policies(assemble=SHARDS), params={"files": "{{ event.parts }}", "key": "{{ event.key }}"})
    )
    setting.send("m-1-of-2")
    setting.send("m-2-of-2")
    (told,) = setting.inputs

    assert [part["key"] for part in told["params"]["files"]] == ["m-1-of-2", "m-2-of-2"]
    assert told["params"]["key"] == "m-2-of-2"


@pytest.mark.parametrize("field", ["version", "model_version"])
def test_models_are_ordered_by_their_version(field: str) -> None:
    events = [Event("model.added", "1", "s", "t", "m", {field: each}) for each in ("7", 3)]
    newer, older = (version_of(event, Order(), ticket(), ingest_ports()) for event in events)
    state, passed = order.decide({}, ticket("a"), newer)

    assert (passed.verdict, order.decide(state, ticket("b"), older)[1].verdict) == ("started", "stale")


def test_an_object_that_was_deleted_is_gone_and_nothing_else() -> None:
    buckets = FakeBuckets()
    setting = Setting(buckets)
    setting.watching = snapshot(trigger(event_type="object.deleted", policies=Policies(order=Order())))

    assert setting.send("a", eventName="OBJECT_DELETED").verdict == "started"
    buckets.held["b"] = Object("models", "b", "x", 1, 1.0)
    assert setting.send("b", eventName="OBJECT_DELETED").verdict == "stale"


def test_who_waits_for_a_slot_is_not_counted_again() -> None:
    setting = Setting(rate=Rate(60, 3600.0), concurrency=Concurrency(1, "queue"))
    for number in range(250):
        setting.clock.now += 120
        setting.send(f"k{number}")
        if number % 10 == 0:
            setting.drive_all()
    setting.drive_all()

    verdicts = [record.all_verdicts[0].verdict for record in setting.ledger.records.values()]
    assert (verdicts.count("started"), verdicts.count("queued")) == (1, 249)


class Changing(Setting):
    """A trigger that is not what it was when its events came."""

    def now(self, found: Trigger | None) -> None:
        self.ports = self.ports._replace(current=lambda _: found)


def test_what_waits_of_a_trigger_that_is_off_does_not_start() -> None:
    setting = Changing(concurrency=Concurrency(1, "queue"))
    first, *_ = (setting.send(key) for key in ("a", "b", "c"))
    setting.now(None)
    setting.drive_all()

    assert [setting.verdict(key).verdict for key in ("a", "b", "c")] == ["started", "disabled", "disabled"]
    assert list(setting.starter.started) == [first.execution]


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
    """A part that was written again holds the last one back, and then the trigger is off for a moment."""
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


def test_a_slot_is_kept_by_what_started_while_it_was_looked_at() -> None:
    setting = Setting(concurrency=Concurrency(1, "skip"))
    setting.starter.busy = 1
    setting.send("a")
    (key,) = setting.ledger.records
    running = setting.starter.running

    def starts_meanwhile(machine_arn: str, name: str) -> bool | None:
        setting.starter.running = running  # type: ignore[method-assign]  # it happens once
        before = running(machine_arn, name)
        redrive(key, setting.ports)
        return before

    setting.starter.running = starts_meanwhile  # type: ignore[method-assign]  # another worker, between two calls
    heal("concurrency#t1", setting.ports)

    assert setting.verdict("a").verdict == "started"
    assert setting.send("b").verdict == "skipped"
