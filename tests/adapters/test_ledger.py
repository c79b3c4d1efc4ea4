"""The ledger on DynamoDB, on moto."""

from typing import Any

import pytest
from botocore.stub import Stubber
from tests.adapters.conftest import LEDGER
from tests.unit.ingest.samples import snapshot, tigris_event, trigger

from aftertrain.aws.ledger import DynamoLedger
from aftertrain.aws.record_item import from_item, to_item
from aftertrain.errors import BusyError, TooLargeError
from aftertrain.ingest.event_record import EventKey, EventRecord, new_record
from aftertrain.ingest.match import match
from aftertrain.ingest.normalise import normalise
from aftertrain.ingest.sources.delivery import Delivery
from aftertrain.ingest.verdict import Verdict
from aftertrain.model.event import Event

NOW = 1_700_000_000.5
GONE = Verdict("t1", "failed", "start", "it starts", "gone")


def record(key: str = "final/ü", *, matching: bool = True) -> EventRecord:
    watching = snapshot(trigger(where='`key` REGEXP "^final/"' if matching else '`key` = "other"', params={"n": [1.5]}))
    source = watching.sources["bucket"]
    (event,) = normalise(Delivery({"events": [tigris_event(key)]}, source))
    assert isinstance(event, Event)
    return new_record(event, source.id, match(event, source, watching), NOW)


@pytest.fixture
def ledger(dynamodb: Any) -> DynamoLedger:
    return DynamoLedger(dynamodb, LEDGER)


@pytest.mark.parametrize("matching", [True, False])
def test_a_record_survives_its_item(matching: bool) -> None:
    assert from_item(to_item(record(matching=matching))) == record(matching=matching)


def test_the_first_record_is_written_and_the_second_finds_it(ledger: DynamoLedger) -> None:
    assert ledger.record(record()) is None
    assert ledger.record(record()) == record()
    assert ledger.get(record().key) == record()


def test_an_unknown_event_is_none(ledger: DynamoLedger) -> None:
    assert ledger.get(EventKey("bucket", "x")) is None


@pytest.mark.parametrize(("until", "due_at"), [(None, NOW + 60), (NOW + 500, NOW + 500)])
def test_a_record_is_held_with_what_was_decided(ledger: DynamoLedger, until: float | None, due_at: float) -> None:
    ledger.record(record())
    held = GONE._replace(verdict="queued", final=False)
    ledger.hold(record().key, [held], until)
    found = ledger.get(record().key)

    assert found is not None
    assert (found.done, found.verdicts) == (False, (held,))
    assert (ledger.due(due_at - 1, 10), ledger.due(due_at, 10)) == ([], [record().key])
    ledger.done(record().key, [])
    ledger.hold(record().key, [held], until)
    found = ledger.get(record().key)
    assert found is not None
    assert (found.done, found.verdicts) == (True, ())


def test_done_keeps_the_refusals_and_can_be_repeated(ledger: DynamoLedger) -> None:
    ledger.record(record())
    for _ in range(2):
        ledger.done(record().key, [GONE])
    found = ledger.get(record().key)

    assert found is not None
    assert (found.done, found.verdicts) == (True, (GONE,))
    assert ledger.due(NOW + 10_000, 10) == []


def test_only_what_is_unfinished_becomes_due_the_oldest_first(ledger: DynamoLedger) -> None:
    ledger.record(record("tmp/x", matching=False))
    for key in ("final/a", "final/b"):
        ledger.record(record(key))
    keys = {record("final/a").key, record("final/b").key}

    assert ledger.due(NOW + 59, 10) == []
    assert set(ledger.due(NOW + 60, 10)) == keys
    assert len(ledger.due(NOW + 60, 1)) == 1


def test_postponing_backs_off_to_an_hour(ledger: DynamoLedger) -> None:
    ledger.record(record())
    key, now = record().key, NOW
    for wait in (60, 120, 240, 480, 960, 1920, 3600, 3600):
        ledger.postpone(key, now)
        assert ledger.due(now + wait - 1, 1) == []
        assert ledger.due(now + wait, 1) == [key]
        now += wait


def test_what_was_finished_in_the_meantime_is_not_postponed(ledger: DynamoLedger) -> None:
    ledger.record(record())
    ledger.done(record().key, [])
    ledger.postpone(record().key, NOW)

    assert ledger.due(NOW + 10_000, 10) == []


def test_an_event_id_may_hold_anything(ledger: DynamoLedger) -> None:
    odd = record()
    key = EventKey("bucket", "a#b c/🚀")
    event = Event("x.y", key.event_id, "s", "t", "", {})
    ledger.record(EventRecord(key, event, NOW, (), odd.starts, done=False))

    assert ledger.due(NOW + 60, 1) == [key]


def test_an_event_that_no_item_can_hold_is_too_large(ledger: DynamoLedger) -> None:
    huge = Event("x.y", "1", "s", "t", "", {"blob": "x" * 410_000})
    with pytest.raises(TooLargeError, match="exceed the size of a ledger item"):
        ledger.record(EventRecord(EventKey("bucket", "1"), huge, NOW, (), (), done=True))


def test_a_service_that_does_not_answer_is_busy(dynamodb: Any, ledger: DynamoLedger) -> None:
    with Stubber(dynamodb) as stub:
        stub.add_client_error("put_item", "ProvisionedThroughputExceededException")
        with pytest.raises(BusyError, match="recording an event"):
            ledger.record(record())
