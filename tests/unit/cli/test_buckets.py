"""`aftertrain reconcile` and `aftertrain sources connect`: missed objects, and a bucket that is configured."""

import base64
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pytest
from tests.unit.cli.test_cli import run
from tests.unit.cli.test_triggers import event

from aftertrain.cli import reconcile as reconcile_module
from aftertrain.cli import sources as sources_module
from aftertrain.client import Client
from aftertrain.client.events import Events
from aftertrain.control.ports import ControlPorts
from aftertrain.ingest.bucket_object import BucketObject
from aftertrain.ingest.normalise import normalise
from aftertrain.ingest.sources.delivery import Delivery
from aftertrain.model.event import Event
from aftertrain.model.source import Source

__all__ = ["run"]  # a fixture
THERE = [BucketObject("weights", key, f"e-{key}", 5, 1_780_000_000.0) for key in ("a", "b ü", "c")]


class Answers(BaseHTTPRequestHandler):
    """Records every request, and answers as a webhook that starts everything."""

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        server: Any = self.server
        server.received.append((self.command, self.path, dict(self.headers), json.loads(body)))
        text = json.dumps({"executions": ["x", "y"]}).encode()
        self.send_response(server.status)
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_POST = do_PATCH = _answer  # noqa: N815 - the names that http.server asks for

    def log_message(self, *_: Any) -> None:
        """Log nothing, to keep the test's output clean."""


@pytest.fixture
def server() -> Iterator[Any]:
    made: Any = HTTPServer(("127.0.0.1", 0), Answers)
    made.received, made.status = [], 200
    threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    made.url = f"http://127.0.0.1:{made.server_port}"
    yield made
    made.shutdown()
    made.server_close()


@pytest.fixture
def bucket(server: Any) -> Iterator[Any]:
    """A bucket of three objects. The ledger knows one of them, and an older version of another."""
    known = [event("a"), event("c")]
    for each, (key, etag) in zip(known, (("a", "e-a"), ("c", "older")), strict=True):
        each.data.update({"bucket": "weights", "key": key, "etag": etag})
    fake = SimpleNamespace(events=Events(mock.Mock()), sources=mock.Mock())
    fake.events.list = mock.Mock(side_effect=[known, []])  # type: ignore[method-assign]  # a ledger
    fake.sources.get.return_value = SimpleNamespace(
        id="weights", kind="tigris", auth="bearer", url=f"{server.url}/events/weights"
    )
    with (
        mock.patch.object(reconcile_module, "Client", return_value=fake),
        mock.patch.object(reconcile_module, "objects_since", return_value=iter(THERE)) as listed,
    ):
        fake.listed = listed
        yield fake


@pytest.mark.parametrize("kind", ["tigris", "s3"])
def test_what_no_event_speaks_of_is_sent_as_its_sender_would_have(
    run: Any, server: Any, bucket: Any, kind: Any
) -> None:
    bucket.sources.get.return_value.kind = kind
    ran = run("reconcile", "weights", "--bucket", "weights", "--token", "s3cret")
    ((_, path, headers, body),) = server.received

    assert (ran.code, ran.out.splitlines()[-1]) == (0, "2 events sent, 2 executions")
    assert (path, headers["authorization"]) == ("/events/weights", "Bearer s3cret")
    events = normalise(Delivery(body, Source("weights", kind, "none")))
    assert [(each.subject, each.data["etag"]) for each in events if isinstance(each, Event)] == [
        ("b ü", "e-b ü"),
        ("c", "e-c"),
    ]


def test_a_source_with_a_name_and_a_password_is_sent_them(run: Any, server: Any, bucket: Any) -> None:
    bucket.sources.get.return_value.auth = "basic"
    run("reconcile", "weights", "--bucket", "weights", "--token", "s3cret")
    ((_, _, headers, _),) = server.received

    assert headers["authorization"] == f"Basic {base64.b64encode(b'weights:s3cret').decode()}"


def test_a_dry_run_sends_nothing(run: Any, server: Any, bucket: Any) -> None:
    ran = run("reconcile", "weights", "--bucket", "weights", "--prefix", "final/", "--dry-run")

    assert ran.out.splitlines() == [
        "2026-05-28T20:26:40Z  b ü",
        "2026-05-28T20:26:40Z  c",
        "2 objects without an event that matched a trigger",
    ]
    assert server.received == []
    assert bucket.listed.call_args.args[:2] == ("weights", "final/")


def test_the_ledger_is_read_to_its_end(run: Any, bucket: Any) -> None:
    page = [event(f"k{number}", received_at=1000.0 - number) for number in range(3)]
    bucket.events.list.side_effect = [page, page[-1:]]  # a page may have fewer than were asked for
    run("reconcile", "weights", "--bucket", "weights", "--dry-run")

    assert [call.kwargs["before"] for call in bucket.events.list.call_args_list] == [None, page[-1].received_at]


def test_what_was_written_only_now_is_left_to_its_sender(run: Any, server: Any, bucket: Any) -> None:
    young = [BucketObject("weights", "young", "e", 5, time.time() - 60)]
    with mock.patch.object(reconcile_module, "objects_since", return_value=iter(young)):
        ran = run("reconcile", "weights", "--bucket", "weights")
    assert ran.out == "0 objects without an event that matched a trigger\n"
    assert server.received == []


def test_only_buckets_can_be_reconciled(run: Any, bucket: Any) -> None:
    bucket.sources.get.return_value.kind = "github"

    assert "only tigris and s3" in run("reconcile", "weights", "--bucket", "weights").err


@pytest.mark.parametrize("known", [False, True])
def test_a_bucket_is_told_whom_to_notify(
    run: Any, server: Any, client: Client, monkeypatch: pytest.MonkeyPatch, known: bool
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "tid_x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "tsec_y")
    if known:
        client.sources.create("my-weights", kind="tigris")
    with mock.patch.object(sources_module, "Client", return_value=client):
        ran = run("sources", "connect", "tigris://my-weights", "--filter", "`key` = 1", "--endpoint", server.url)
    ((method, path, headers, body),) = server.received

    assert (ran.code, ran.err) == (0, "")
    assert (method, path) == ("PATCH", "/my-weights")
    assert "Credential=tid_x/" in headers["Authorization"]
    assert "/auto/s3/aws4_request" in headers["Authorization"]
    assert body == {
        "object_notifications": {
            "enabled": True,
            "web_hook": "https://hooks.example/events/my-weights",
            "auth": {"token": "s3cret"},
            "filter": "`key` = 1",
        }
    }


@pytest.mark.parametrize(
    ("target", "status", "code", "why"),
    [("my-weights", 200, 2, "is not of the form tigris://BUCKET"), ("tigris://my-weights", 403, 1, "answers 403")],
)
def test_a_bucket_that_cannot_be_told_is_named(
    run: Any,
    server: Any,
    client: Client,
    monkeypatch: pytest.MonkeyPatch,
    target: str,
    status: int,
    code: int,
    why: str,
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "tid_x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "tsec_y")
    server.status = status
    with mock.patch.object(sources_module, "Client", return_value=client):
        ran = run("sources", "connect", target, "--endpoint", server.url)

    assert ran.code == code
    assert why in ran.err
    assert client.sources.list() == []


@pytest.mark.parametrize(
    ("auth", "told"),
    [("basic", {"basic_user": "my-weights", "basic_pass": "s3cret"}), ("none", None)],
)
def test_a_bucket_proves_itself_as_its_source_says(
    run: Any, server: Any, client: Client, monkeypatch: pytest.MonkeyPatch, auth: Any, told: Any
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "tid_x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "tsec_y")
    client.sources.create("my-weights", kind="tigris", auth=auth)
    with mock.patch.object(sources_module, "Client", return_value=client):
        run("sources", "connect", "tigris://my-weights", "--endpoint", server.url)
    ((*_, body),) = server.received

    assert body["object_notifications"].get("auth") == told


def test_keys_that_cannot_be_read_change_nothing(run: Any, ports: ControlPorts, client: Client) -> None:
    client.sources.create("my-weights", kind="tigris")
    (before,) = ports.registry.snapshot().item["sources"]
    with mock.patch.object(sources_module, "Client", return_value=client):
        for bucket in ("my-weights", "my-weights", "fresh"):
            ran = run("sources", "connect", f"tigris://{bucket}", "--profile", "nobody")

    assert (ran.code, "cannot be read" in ran.err) == (1, True)
    assert ports.registry.snapshot().item["sources"] == [before]


def test_a_secret_that_tigris_refuses_pushes_out_none(
    run: Any, server: Any, ports: ControlPorts, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "tid_x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "tsec_y")
    client.sources.create("my-weights", kind="tigris")
    (before,) = ports.registry.snapshot().item["sources"]
    server.status = 403
    with mock.patch.object(sources_module, "Client", return_value=client):
        for _ in range(2):
            run("sources", "connect", "tigris://my-weights", "--endpoint", server.url)

    assert ports.registry.snapshot().item["sources"] == [before]
