"""The effects of a request, from the first delivery to the last."""

import json
import time
from typing import Any

import pytest
from tests.ingest_fakes import FakeClock, FakeLedger, FakeRedrives, FakeStarter, ingest_ports
from tests.unit.ingest.samples import PIPELINE, notification, request, snapshot, tigris_event, trigger
from tests.unit.ingest.setting import Setting

from aftertrain.errors import BusyError, SenderError, TooLargeError
from aftertrain.ingest.drive import redrive
from aftertrain.ingest.event_record import EventKey, EventRecord
from aftertrain.ingest.receive import SECONDS_FOR_STARTS, receive
from aftertrain.ingest.request import MAX_BODY_BYTES, Request
from aftertrain.ingest.snapshot import Snapshot, read_snapshot
from aftertrain.model.kinds import is_given
from aftertrain.model.trigger import PipelineVersion, Trigger

TYPED = PIPELINE._replace(types={"n": "float", "s": "string", "may": "string?", "whole": "integer"})
WATCHING = snapshot(trigger(where='`key` REGEXP "^final/"', params={"n": 1}))


def test_a_match_starts_one_execution_of_the_version_that_the_trigger_names() -> None:
    starter = FakeStarter()
    receipt = receive(notification(), WATCHING, ingest_ports(starter=starter))

    assert (receipt.received, receipt.duplicates, receipt.matched) == (1, 0, 1)
    ((name, (arn, given)),) = starter.started.items()
    assert receipt.executions == [name]
    assert arn == PIPELINE.machine_arn
    assert json.loads(given)["params"] == {"n": 1}
    assert json.loads(given)["event"]["data"]["key"] == "final/model.safetensors"
    assert json.loads(given)["pipeline"] == {"id": "deploy", "version": 3}


def test_a_redelivery_starts_nothing_and_answers_with_the_first_ones_execution() -> None:
    ports = ingest_ports()
    first = receive(notification(), WATCHING, ports)
    again = receive(notification(), WATCHING, ports)

    assert (again.duplicates, again.executions) == (1, first.executions)
    assert len(ports.starter.started) == 1


def test_an_event_that_nothing_matches_is_done_with_its_verdicts() -> None:
    ledger = FakeLedger()
    receipt = receive(notification(tigris_event("tmp/x")), WATCHING, ingest_ports(ledger))

    (record,) = ledger.records.values()
    assert (receipt.matched, receipt.executions, record.done) == (0, [], True)
    assert record.verdicts == ()


def test_every_trigger_that_matches_starts_its_own_execution() -> None:
    watching = snapshot(trigger("one"), trigger("two", "object.*"), trigger("three", "object.deleted"))
    receipt = receive(notification(), watching, ingest_ports())

    assert receipt.matched == 1
    assert [name.rpartition("-")[0] for name in receipt.executions] == ["one", "two"]


def test_a_batch_is_taken_in_whole() -> None:
    ports = ingest_ports()
    entries = [tigris_event(f"final/{number}") for number in range(40)]
    receipt = receive(notification(*entries, entries[0]), WATCHING, ports)

    assert (receipt.received, receipt.duplicates) == (41, 1)
    assert len(ports.starter.started) == 40


def test_a_bad_entry_in_a_batch_is_told_and_the_others_are_taken() -> None:
    receipt = receive(notification(tigris_event(), {"bad": 1}), WATCHING, ingest_ports())

    assert receipt.received == 1
    assert [error.field for error in receipt.rejected] == ["events[1].object"]


def test_a_batch_of_nothing_but_bad_entries_is_refused() -> None:
    with pytest.raises(SenderError, match=r"events\[0\] must be an object"):
        receive(notification(7), WATCHING, ingest_ports())


def test_an_empty_batch_is_received() -> None:
    assert receive(request({"events": []}), WATCHING, ingest_ports()).received == 0


def test_size_is_checked_before_credentials() -> None:
    with pytest.raises(TooLargeError):
        receive(Request("bucket", {}, b"x" * (MAX_BODY_BYTES + 1)), WATCHING, ingest_ports())


def test_a_throttled_start_is_handed_over_and_the_event_is_acknowledged() -> None:
    ledger, redrives = FakeLedger(), FakeRedrives()
    receipt = receive(notification(), WATCHING, ingest_ports(ledger, FakeStarter(busy=1), redrives))

    (key,) = ledger.records
    assert receipt.received == 1
    assert redrives.sent == [key]
    assert not ledger.records[key].done


def test_a_duplicate_of_an_unfinished_event_finishes_it() -> None:
    ledger, starter = FakeLedger(), FakeStarter(busy=1)
    ports = ingest_ports(ledger, starter, FakeRedrives(busy=1))
    receive(notification(), WATCHING, ports)
    again = receive(notification(), WATCHING, ports)

    assert again.duplicates == 1
    assert list(starter.started) == again.executions
    assert all(record.done for record in ledger.records.values())


def test_a_duplicate_starts_the_version_of_the_first_delivery() -> None:
    starter = FakeStarter(busy=1)
    ports = ingest_ports(starter=starter)
    receive(notification(), WATCHING, ports)
    receive(notification(), snapshot(), ports)

    assert [arn for arn, _ in starter.started.values()] == [PIPELINE.machine_arn]


def test_an_event_that_could_not_be_recorded_is_not_acknowledged() -> None:
    with pytest.raises(BusyError):
        receive(notification(), WATCHING, ingest_ports(FakeLedger(busy=1)))


def test_a_start_that_is_refused_for_good_is_noted_and_ends_the_matter() -> None:
    ledger = FakeLedger()
    receive(notification(), WATCHING, ingest_ports(ledger, FakeStarter(refuses={PIPELINE.machine_arn})))

    (record,) = ledger.records.values()
    assert record.done
    assert (record.verdicts[0].verdict, record.verdicts[0].clause) == ("failed", "start")
    assert "StateMachineDeleting" in str(record.verdicts[0].actual)


def test_what_would_take_too_long_is_left_to_the_queue() -> None:
    clock, redrives = FakeClock(), FakeRedrives()

    class SlowLedger(FakeLedger):
        def record(self, record: object) -> None:
            clock.now += SECONDS_FOR_STARTS
            super().record(record)

    ports = ingest_ports(SlowLedger(), redrives=redrives, clock=clock)
    receive(notification(), WATCHING, ports)

    assert len(redrives.sent) == 1
    assert ports.starter.calls == 0


def test_the_same_event_id_from_two_sources_is_two_events() -> None:
    ledger = FakeLedger()
    body = {"event_type": "model.added", "event_id": "1", "timestamp": "2026-01-01T00:00:00Z"}
    receive(request(body, "platform"), WATCHING, ingest_ports(ledger))
    receive(request(body, "open", None), WATCHING, ingest_ports(ledger))

    assert set(ledger.records) == {EventKey("platform", "1"), EventKey("open", "1")}


def test_a_start_that_stays_busy_does_not_keep_the_others_from_being_made() -> None:
    ledger, starter = FakeLedger(), FakeStarter(gone={"arn:gone"})
    gone = Trigger("a-gone", "object.created", PipelineVersion("gone", 1, "arn:gone"))
    ports = ingest_ports(ledger, starter)
    receipt = receive(notification(), snapshot(gone, trigger("b-well")), ports)

    assert list(starter.started) == [name for name in receipt.executions if name.startswith("b-well")]
    (record,) = ledger.records.values()
    assert not record.done


def test_an_event_that_no_item_can_hold_does_not_lose_its_neighbours() -> None:
    class Small(FakeLedger):
        def record(self, record: EventRecord) -> EventRecord | None:
            if record.event.subject == "final/large":
                raise TooLargeError("exceed the size of a ledger item")
            return super().record(record)

    batch = notification(tigris_event("final/large"), tigris_event("final/small"))
    receipt = receive(batch, WATCHING, ingest_ports(Small()))

    assert (receipt.received, [error.message for error in receipt.rejected]) == (
        1,
        ["exceed the size of a ledger item"],
    )


def test_all_of_a_batch_is_durable_before_any_of_it_is_started() -> None:
    ledger = FakeLedger()

    class Watching(FakeStarter):
        def start(self, machine_arn: str, name: str, input_json: str) -> None:
            assert len(ledger.records) == 20
            super().start(machine_arn, name, input_json)

    starter = Watching()
    batch = notification(*(tigris_event(f"final/{number}") for number in range(20)))
    receive(batch, WATCHING, ingest_ports(ledger, starter))

    assert len(starter.started) == 20


def test_a_trigger_that_cannot_be_read_does_not_silence_the_others() -> None:
    broken = trigger("broken").item() | {"event_type": None}
    unparsable = trigger("unparsable").item() | {"where": "LIKE"}
    content = {"sources": [], "triggers": [broken, trigger("well").item(), unparsable, {"id": "empty"}]}
    read = read_snapshot(1, content)

    assert [watch.trigger.id for watch in read.compiled_triggers] == ["well"]
    assert set(read.unreadable) == {"broken", "empty", "unparsable"}


@pytest.mark.parametrize(
    ("params", "why"),
    [
        ({"n": "{{ event.size }}", "s": "{{ event.key }}", "other": "{{ event.size }}"}, None),
        ({"n": "{{ event.key }}"}, "data.key is not of type float"),
        ({"s": "{{ event.size }}"}, "data.size is not of type string"),
        ({"may": "{{ event.size }}"}, "data.size is not of type string"),
    ],
)
def test_what_a_param_takes_from_an_event_is_of_its_type(params: dict[str, Any], why: str | None) -> None:
    """The machine relies on it."""
    setting = Setting()
    setting.watching = snapshot(trigger(params=params)._replace(pipeline=TYPED))
    told = setting.send("k")

    assert (told.verdict, told.actual) == ("failed" if why else "started", why)


@pytest.mark.parametrize(
    ("value", "kind", "fits"),
    [
        (None, "string?", True),
        (None, "string", False),
        (5.0, "integer", True),
        (5.5, "integer", False),
        (5.0, "float", True),
        (True, "integer", False),
        (5, "string?", False),
        ({}, "of another time", True),
    ],
)
def test_senders_write_whole_numbers_with_a_point_and_null_for_nothing(value: Any, kind: str, fits: bool) -> None:
    assert is_given(value, kind) is fits


def _claim(source: str, event_type: str, claimed: str) -> Request:
    envelope = {"event_type": event_type, "event_id": "e", "timestamp": "2026-01-01T00:00:00Z", "source": claimed}
    return request(envelope | {"data": {"key": "final/x", "bucket": "models"}}, source)


def test_a_sender_that_only_claims_an_upload_starts_nothing() -> None:
    watching = snapshot(trigger("one"), trigger("two", "object.*"))

    assert receive(_claim("platform", "object.created", "bucket"), watching, ingest_ports()).matched == 0


def test_a_trigger_that_names_its_source_fires_for_that_one_alone() -> None:
    watching = snapshot(trigger("relay", sources=("platform",)), trigger("tigris", sources=("bucket",)))

    claimed = receive(_claim("platform", "object.created", "bucket"), watching, ingest_ports())
    sent = receive(notification(), watching, ingest_ports())

    assert [name.rpartition("-")[0] for name in claimed.executions] == ["relay"]
    assert [name.rpartition("-")[0] for name in sent.executions] == ["tigris"]


def test_a_filter_on_the_source_cannot_be_met_by_a_claim() -> None:
    watching = snapshot(trigger(event_type="model.added", filter={"source": ["bucket"]}))

    assert receive(_claim("platform", "model.added", "bucket"), watching, ingest_ports()).matched == 0
    assert receive(_claim("platform", "model.added", "other"), watching, ingest_ports()).matched == 0


def test_a_name_of_the_senders_own_can_be_filtered() -> None:
    watching = snapshot(trigger(event_type="model.added", filter={"source": ["budmodel"]}))

    assert receive(_claim("platform", "model.added", "budmodel"), watching, ingest_ports()).matched == 1


def test_a_read_starts_only_what_names_it() -> None:
    watching = snapshot(trigger("all", "object.*"), trigger("reads", "object.accessed_get"))
    read = notification(tigris_event(eventName="OBJECT_ACCESSED_GET"))

    assert [name.rpartition("-")[0] for name in receive(read, watching, ingest_ports()).executions] == ["reads"]


ALTERNATIVES = {"$or": [{"metrics": {"name": "accuracy"}}, {"metrics": {"name": "loss"}}]}
HEAVY = {"metrics": [{}] * 60_000}


@pytest.mark.parametrize(
    ("filter_", "data"),
    [
        ({"metrics": {"name": "accuracy", "value": [{"numeric": [">=", 0.9]}]}}, HEAVY),
        (ALTERNATIVES, HEAVY),
        ({"tags": [{"prefix": "x" * length} for length in range(1, 40)]}, {"tags": ["y"] * 50_000}),
        ({"tags": [{"wildcard": f"*{number}*z"} for number in range(40)]}, {"tags": ["yyyz"] * 25_000}),
    ],
)
def test_an_event_that_is_too_large_for_the_filters_is_recorded_in_time(
    filter_: dict[str, Any], data: dict[str, Any]
) -> None:
    heavy = [trigger(f"t{number:03}", "model.added", filter=filter_) for number in range(60)]
    watching, ledger = snapshot(*heavy, trigger("plain", "model.added")), FakeLedger()
    envelope = {"event_type": "model.added", "event_id": "e", "timestamp": "2026-01-01T00:00:00Z", "data": data}
    receive(request(envelope, "platform"), watching, ingest_ports(ledger))  # matching only is slow
    begin = time.process_time()
    receive(request(envelope | {"event_id": "again"}, "platform"), watching, ingest_ports(ledger))
    taken = time.process_time() - begin
    first, _ = ledger.records.values()

    assert taken < 4
    failed = [verdict for verdict in first.verdicts if verdict.verdict == "failed"]
    assert failed
    assert {(verdict.clause, verdict.expected) for verdict in failed} == {("filter", "matching within 200000 steps")}


NEWER = trigger("newer", "model.added", filter={"name": ["m"]}, params={"n": "{{ event.n }}"})


def _newer_content(**changes: Any) -> dict[str, Any]:
    """A snapshot in which a newer version wrote one trigger."""
    older = snapshot(trigger("older", "model.added"), NEWER)
    triggers = [each.trigger.item() for each in older.compiled_triggers]
    triggers = [each | changes if each["id"] == "newer" else each for each in triggers]
    return {"sources": [source.item() for source in older.sources.values()], "triggers": triggers}


def _added(event_id: str, **data: Any) -> Request:
    envelope = {"event_type": "model.added", "event_id": event_id, "timestamp": "2026-01-01T00:00:00Z", "data": data}
    return request(envelope, "platform")


def _wait_for_code(now: Snapshot, **data: Any) -> tuple[list[str], EventRecord]:
    """An event that arrives while code cannot read `newer`, redriven first by that code and then by code that can."""
    unread = read_snapshot(1, _newer_content(quota=3))
    ledger, starter = FakeLedger(), FakeStarter()
    ports = ingest_ports(ledger, starter)
    receive(_added("e", **data), unread, ports)
    (key,) = ledger.records
    redrive(key, ports._replace(snapshot=lambda: unread, current=lambda _: None))
    before = [name.rpartition("-")[0] for name in starter.started]
    assert not ledger.records[key].done
    assert before == ["older"]
    redrive(key, ports._replace(snapshot=lambda: now, current=now.trigger))
    return [name.rpartition("-")[0] for name in starter.started], ledger.records[key]


def test_an_event_waits_for_code_that_can_read_the_trigger() -> None:
    started, record = _wait_for_code(read_snapshot(2, _newer_content()), name="m", n=1)

    assert started == ["older", "newer"]
    assert record.done


@pytest.mark.parametrize(("data", "verdict"), [({"name": "x", "n": 1}, "filtered"), ({"name": "m"}, "failed")])
def test_an_event_that_waited_is_matched_as_any_other(data: dict[str, Any], verdict: str) -> None:
    started, record = _wait_for_code(read_snapshot(2, _newer_content()), **data)

    assert started == ["older"]
    assert record.done
    assert {each.trigger_id: each.verdict for each in record.all_verdicts} == {"older": "started", "newer": verdict}


def test_a_trigger_that_is_gone_lets_its_events_end() -> None:
    _, record = _wait_for_code(snapshot(trigger("older", "model.added")), name="m", n=1)

    assert record.done
    assert {each.trigger_id: each.verdict for each in record.all_verdicts}["newer"] == "disabled"


def test_an_event_of_another_type_does_not_wait() -> None:
    unread, ledger = read_snapshot(1, _newer_content(quota=3)), FakeLedger()
    receive(notification(), unread, ingest_ports(ledger))

    assert [record.done for record in ledger.records.values()] == [True]
