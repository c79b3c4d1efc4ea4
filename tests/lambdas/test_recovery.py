"""The handlers after the acknowledgement: redrive and sweep, and the one that records executions."""

import json
from unittest import mock

from tests.fakes import FakeMachines, FakeRuns
from tests.ingest_fakes import FakeClock, FakeRedrives, FakeStarter, ingest_ports
from tests.unit.ingest.samples import notification, snapshot, tigris_event, trigger

from aftertrain.ingest.ports import IngestPorts
from aftertrain.ingest.receive import receive
from aftertrain.lambdas import redrive, status, sweep


def with_two_events_left_behind(clock: FakeClock) -> tuple[IngestPorts, FakeStarter]:
    starter = FakeStarter(busy=2)
    ports = ingest_ports(starter=starter, redrives=FakeRedrives(busy=2), clock=clock)
    for key in ("a", "b"):
        receive(notification(tigris_event(key)), snapshot(trigger()), ports)
    return ports, starter


def test_a_message_that_cannot_be_done_now_goes_back_alone() -> None:
    ports, starter = with_two_events_left_behind(FakeClock())
    starter.busy = 1
    records = [
        {"messageId": f"m{number}", "body": json.dumps({"source_id": key.source_id, "event_id": key.event_id})}
        for number, key in enumerate(ports.ledger.records)
    ]
    with mock.patch.object(redrive.runtime, "slow_ports", return_value=ports):
        answer = redrive.handler({"Records": records}, mock.Mock(function_name="redrive"))

    assert answer == {"batchItemFailures": [{"itemIdentifier": "m0"}]}
    assert len(starter.started) == 1


def test_the_sweeper_queues_what_is_due() -> None:
    clock = FakeClock()
    ports, _ = with_two_events_left_behind(clock)
    clock.now += 61
    with mock.patch.object(sweep.runtime, "ports", return_value=ports):
        assert sweep.handler({}, mock.Mock(function_name="sweep")) == {"swept": 2}


def test_a_status_change_becomes_an_execution() -> None:
    runs = FakeRuns()
    given = {
        "event": {"event_type": "x.y", "event_id": "1", "source": "s", "subject": "k", "data": {}},
        "trigger": {"id": "t"},
        "pipeline": {"id": "p", "version": 2},
    }
    detail = {
        "executionArn": "arn:aws:states:us-east-1:1:execution:m:t-1",
        "name": "t-1",
        "status": "TIMED_OUT",
        "startDate": 1_767_225_600_000,
        "stopDate": 1_767_225_601_500,
        "input": json.dumps(given),
        "redriveCount": 0,
    }
    machines = FakeMachines(inputs={detail["executionArn"]: json.dumps(given)})
    with (
        mock.patch.object(status.runtime, "runs", return_value=runs),
        mock.patch.object(status.runtime, "machines", return_value=machines),
    ):
        status.handler({"detail": detail}, mock.Mock(function_name="status"))
        status.handler(
            {"detail": detail | {"name": "other", "input": '{"mine": 1}'}}, mock.Mock(function_name="status")
        )

    (execution,) = runs.known.values()
    assert (execution["id"], execution["status"], execution["pipeline_id"], execution["version"]) == (
        "t-1",
        "timed_out",
        "p",
        2,
    )
    assert (execution["started_at"], execution["stopped_at"]) == (
        "2026-01-01T00:00:00+00:00",
        "2026-01-01T00:00:01.500000+00:00",
    )
