"""The webhook's handler over moto: every sample request, and every kind of bad input."""

import base64
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from tests.ingest_fakes import FakeClock, FakeLedger, FakeStarter, ingest_ports
from tests.unit.ingest.samples import TOKEN, snapshot, tigris_event, trigger

from aftertrain.errors import BusyError, ThrottledError
from aftertrain.ingest.handshake import handshake
from aftertrain.ingest.request import MAX_BODY_BYTES
from aftertrain.ingest.snapshot import CurrentSnapshot, Snapshot
from aftertrain.lambdas import webhook
from aftertrain.model.source import AUTHS, SOURCE_KINDS, Source

EVENTS = Path(__file__).parents[2] / "events"
RECORDED = sorted(EVENTS.glob("*/*.json"))
NO_EVENTS = {"aws-test-event"}
SECRET = "c2FtcGxlLXNlY3JldC1vZi10aGUtZXZlbnRz"
RECORDED_AT = 1_780_000_000.0


class Fixed(CurrentSnapshot):
    """A snapshot that does not change."""

    def __init__(self, content: Snapshot) -> None:
        self.content = content

    def get(self) -> Snapshot:
        return self.content


@pytest.fixture
def starter() -> Iterator[FakeStarter]:
    """The handler's composition root with fakes, and a trigger on every event."""
    starter = FakeStarter()
    ports = ingest_ports(starter=starter, clock=FakeClock(RECORDED_AT))
    kinds = ("object.*", "model.*", "deployment.*", "cluster.*", "job.*", "com.*", "github.*")
    watching = snapshot(*(trigger(f"t{number}", kind) for number, kind in enumerate(kinds)))
    watching.sources.update({kind: Source(kind, kind, AUTHS[kind][0]).with_secret(SECRET) for kind in SOURCE_KINDS})
    platform = Source("platform", "platform", "bearer")
    watching.sources["platform"] = platform.with_secret(TOKEN).with_secret(SECRET)
    with (
        mock.patch.object(webhook.runtime, "ports", return_value=ports),
        mock.patch.object(webhook.runtime, "snapshot", return_value=Fixed(watching)),
    ):
        yield starter


def post(source: str, body: Any, authorization: str | None = f"Bearer {TOKEN}", **headers: str) -> Any:
    """Call the handler as API Gateway does, with the body in base64; returns status, headers, body."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    given = {"Content-Type": "application/json", **headers}
    event = {
        "pathParameters": {"source": source},
        "headers": given | ({"Authorization": authorization} if authorization else {}),
        "body": base64.b64encode(raw).decode(),
        "isBase64Encoded": True,
    }
    answer = webhook.handler(event, mock.Mock(function_name="webhook"))
    return answer["statusCode"], answer["headers"], json.loads(answer["body"])


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_recorded_request_is_taken(path: Path, starter: FakeStarter) -> None:
    request = json.loads(path.read_text())
    assert set(request) == {"source", "method", "headers", "body"}
    assert request["source"] == path.parent.name
    body = request["body"].encode() if isinstance(request["body"], str) else request["body"]
    status, headers, answer = post(request["source"], body, f"Bearer {SECRET}", **request["headers"])

    assert (status, headers["content-type"]) == (200, "application/json")
    assert set(answer) == {"received", "duplicates", "matched", "executions"}
    assert answer["received"] == answer["matched"] == len(starter.started)
    assert (answer["received"] == 0) == (path.stem in NO_EVENTS)


def test_a_body_may_come_as_text(starter: FakeStarter) -> None:
    event = {
        "pathParameters": {"source": "bucket"},
        "headers": {"authorization": f"Bearer {TOKEN}"},
        "body": json.dumps({"events": [tigris_event("final/ü")]}),
        "isBase64Encoded": False,
    }
    answer = webhook.handler(event, mock.Mock(function_name="webhook"))

    assert answer["statusCode"] == 200
    assert "final/ü" in next(iter(starter.started.values()))[1]


BIG = {"event_type": "model.added", "event_id": "1", "timestamp": "2026-01-01T00:00:00Z", "data": {"x": "x" * 210_000}}


@pytest.mark.parametrize(
    ("source", "body", "authorization", "status", "field"),
    [
        ("bucket", b" " * (MAX_BODY_BYTES + 1), None, 413, "body"),
        ("platform", BIG, f"Bearer {TOKEN}", 413, "events[0]"),
        ("bucket", {}, None, 401, "authorization"),
        ("bucket", {}, "Bearer wrong", 401, "authorization"),
        ("nobody", {}, f"Bearer {TOKEN}", 401, "authorization"),
        ("bucket", b"{", f"Bearer {TOKEN}", 400, "body"),
        ("bucket", b"", f"Bearer {TOKEN}", 400, "body"),
        ("bucket", b"[" * 50_000, f"Bearer {TOKEN}", 400, "body"),
        ("bucket", b'{"events": NaN}', f"Bearer {TOKEN}", 400, "body"),
        ("bucket", rb'{"events": ["\ud800"]}', f"Bearer {TOKEN}", 400, "body"),
        ("bucket", b'{"events": [], "events": []}', f"Bearer {TOKEN}", 400, "events"),
        ("bucket", {"events": {}}, f"Bearer {TOKEN}", 400, "events"),
        ("bucket", {"events": [tigris_event(bucket=5)]}, f"Bearer {TOKEN}", 400, "events[0].bucket"),
        ("platform", {"event_type": "x"}, f"Bearer {TOKEN}", 400, "event_type"),
    ],
)
def test_bad_input_gets_a_problem_that_names_the_field(
    starter: FakeStarter, source: str, body: Any, authorization: str | None, status: int, field: str
) -> None:
    answered, headers, problem = post(source, body, authorization)

    assert (answered, headers["content-type"]) == (status, "application/problem+json")
    assert (problem["status"], problem["field"]) == (status, field)
    assert {"type", "title", "detail"} <= set(problem)
    assert starter.started == {}


def test_an_unknown_source_and_a_wrong_secret_get_the_same_answer(starter: FakeStarter) -> None:
    assert post("nobody", {}, "Bearer x") == post("bucket", {}, "Bearer x")


def test_one_bad_entry_is_told_and_its_neighbours_are_taken(starter: FakeStarter) -> None:
    status, _, body = post("bucket", {"events": [tigris_event(), 7]})

    assert (status, body["received"]) == (200, 1)
    assert body["rejected"] == [{"field": "events[1]", "detail": "events[1] must be an object"}]


def test_an_event_that_could_not_be_recorded_is_to_be_sent_again() -> None:
    ports = ingest_ports(FakeLedger(busy=1))
    with (
        mock.patch.object(webhook.runtime, "ports", return_value=ports),
        mock.patch.object(webhook.runtime, "snapshot", return_value=Fixed(snapshot())),
    ):
        status, headers, problem = post("bucket", {"events": [tigris_event()]})

    assert (status, headers["retry-after"], problem["detail"]) == (503, "5", "busy: send it again")


def test_a_fault_of_ours_tells_nothing() -> None:
    def broken() -> None:
        raise RuntimeError("s3cret detail")

    with mock.patch.object(webhook.runtime, "snapshot", broken):
        status, _, problem = post("bucket", {})

    assert status == 500
    assert "s3cret" not in json.dumps(problem)


def test_no_log_line_has_a_secret(starter: FakeStarter, capsys: pytest.CaptureFixture[str]) -> None:
    logging.getLogger().setLevel(logging.DEBUG)
    post("bucket", {"events": [tigris_event()]})
    post("bucket", b"{", f"Bearer {TOKEN}")
    post("bucket", {}, "Bearer wr0ng-s3cret")
    post("basic", {}, "Basic d3Jvbmc=")
    written = "".join(capsys.readouterr())

    assert "RequestsRefused" in written
    for secret in (TOKEN, "wr0ng", "d3Jvbmc"):
        assert secret not in written


def test_a_snapshot_that_cannot_be_read_is_a_503() -> None:
    def busy() -> None:
        raise BusyError("throttled")

    with mock.patch.object(webhook.runtime, "snapshot", busy):
        assert post("bucket", {})[0] == 503


def test_a_sender_of_cloudevents_may_ask_first() -> None:
    event = {
        "pathParameters": {"source": "anything"},
        "requestContext": {"http": {"method": "OPTIONS"}},
        "headers": {"WebHook-Request-Origin": "events.example", "WebHook-Request-Rate": "120"},
    }
    answer = webhook.handler(event, mock.Mock(function_name="webhook"))

    assert answer["statusCode"] == 200
    assert answer["headers"]["webhook-allowed-origin"] == "events.example"
    assert answer["headers"]["allow"] == "POST"


@pytest.mark.parametrize("origin", ["", "x" * 300, "a\r\nset-cookie: b"])
def test_an_origin_that_is_none_is_not_echoed(origin: str) -> None:
    assert handshake({"webhook-request-origin": origin}) == {"allow": "POST"}


def test_a_ledger_that_is_throttled_asks_the_sender_to_slow_down() -> None:
    class Throttled(FakeLedger):
        def record(self, record: object) -> None:
            raise ThrottledError("too much")

    with (
        mock.patch.object(webhook.runtime, "ports", return_value=ingest_ports(Throttled())),
        mock.patch.object(webhook.runtime, "snapshot", return_value=Fixed(snapshot())),
    ):
        status, headers, _ = post("bucket", {"events": [tigris_event()]})

    assert (status, headers["retry-after"]) == (429, "5")
