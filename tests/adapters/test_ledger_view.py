"""Executions and events as the API shows them, on DynamoDB."""

from itertools import count
from typing import Any
from unittest import mock

import pytest
from tests.adapters.conftest import LEDGER
from tests.adapters.test_ledger import record

from aftertrain.aws import ledger_view as runs_module
from aftertrain.aws.ledger import DynamoLedger
from aftertrain.aws.ledger_view import DynamoLedgerView


def execution(number: int = 1, status: str = "running", pipeline: str = "p", redrives: int = 0) -> dict[str, Any]:
    return {
        "id": f"e{number}",
        "status": status,
        "pipeline_id": pipeline,
        "started_at": f"2026-01-0{number}T00:00:00+00:00",
        "redrives": redrives,
    }


@pytest.fixture
def runs(dynamodb: Any) -> DynamoLedgerView:
    return DynamoLedgerView(dynamodb, LEDGER)


def status(runs: DynamoLedgerView) -> str:
    found = runs.execution("e1")
    assert found is not None
    return str(found["status"])


def test_status_changes_may_come_in_any_order(runs: DynamoLedgerView) -> None:
    runs.update(execution(status="succeeded"))
    runs.update(execution(status="running"))

    assert status(runs) == "succeeded"


def test_a_redrive_runs_again(runs: DynamoLedgerView) -> None:
    for each in (execution(), execution(status="failed"), execution(redrives=1)):
        runs.update(each)

    assert status(runs) == "running"


def test_executions_are_listed_the_newest_first(runs: DynamoLedgerView) -> None:
    for each in (execution(1), execution(2, "failed", "q"), execution(3)):
        runs.update(each)

    def listed(
        pipeline: str | None = None, status: str | None = None, until: str = "2027", limit: int = 10
    ) -> list[str]:
        return [each["id"] for each in runs.executions(pipeline, status, until, limit)]

    assert listed() == ["e3", "e2", "e1"]
    assert listed("p") == ["e3", "e1"]
    assert listed(limit=1) == ["e3"]
    assert listed(until="2026-01-02T00:00:00.001+00:00") == ["e2", "e1"]
    assert (listed(status="failed"), listed("p", "running", limit=1)) == (["e2"], ["e3"])


def test_a_filter_that_lets_nothing_pass_ends_after_some_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """The caller is waiting, and the ledger holds 90 days."""
    read: list[int] = []
    client = mock.Mock()
    client.get_paginator().paginate.return_value = (read.append(page) or {"Items": []} for page in count())
    monkeypatch.setattr(runs_module, "MAX_PAGES", 7)

    assert DynamoLedgerView(client, LEDGER).executions(None, "timed_out", "9", 20) == []
    assert read == [*range(7)]


def test_what_is_unknown_is_none(runs: DynamoLedgerView) -> None:
    assert runs.execution("e1") is None
    assert runs.event("bucket", "x") is None


def test_an_event_shows_verdicts_and_executions(dynamodb: Any, runs: DynamoLedgerView) -> None:
    DynamoLedger(dynamodb, LEDGER).record(record())
    found = runs.event("bucket", record().key.event_id)

    assert found is not None
    assert (found["status"], found["executions"]) == ("received", record().executions)
    assert [(each["trigger_id"], each["verdict"]) for each in found["verdicts"]] == [("t1", "received")]


def test_events_that_fired_something_are_listed_and_others_only_if_everything_is_read(
    dynamodb: Any, runs: DynamoLedgerView
) -> None:
    ledger = DynamoLedger(dynamodb, LEDGER)
    ledger.record(record("final/a"))
    ledger.record(record("tmp/b", matching=False))
    around = ("2023-11-14T00:00:00+00:00", "2023-11-15T00:00:00+00:00")
    later = ("2023-11-14T22:13:21+00:00", "2023-11-15T00:00:00+00:00")

    assert [each["subject"] for each in runs.events(*around, 10)] == ["final/a"]
    assert {each["subject"] for each in runs.all_events(*around, 10).items} == {"final/a", "tmp/b"}
    assert [runs.all_events(*around, limit).complete for limit in (1, 2)] == [False, True]
    assert len(runs.all_events(*around, 1).items) == 1
    assert runs.events(*later, 10) == runs.all_events(*later, 10).items == []


def test_events_are_listed_over_as_many_pages_as_it_takes(dynamodb: Any, runs: DynamoLedgerView) -> None:
    """One page of DynamoDB has at most a megabyte."""
    ledger = DynamoLedger(dynamodb, LEDGER)
    for number in range(30):
        event = record(f"final/e{number}").event
        large = event._replace(data=dict(event.data) | {"note": "x" * 60_000})
        ledger.record(record(f"final/e{number}")._replace(event=large))

    found = runs.events("2000-01-01T00:00:00", "2100-01-01T00:00:00", 100)
    assert len(found) == 30


def test_an_answer_is_no_larger_than_a_function_may_give(
    dynamodb: Any, runs: DynamoLedgerView, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs_module, "MAX_ANSWER", 200_000)
    ledger = DynamoLedger(dynamodb, LEDGER)
    for number in range(5):
        event = record(f"final/e{number}").event
        ledger.record(record(f"final/e{number}")._replace(event=event._replace(data={"note": "x" * 60_000})))
    between = ("2000-01-01T00:00:00", "2100-01-01T00:00:00")

    assert (len(runs.events(*between, 100)), len(runs.all_events(*between, 100).items)) == (3, 3)
    assert not runs.all_events(*between, 100).complete
