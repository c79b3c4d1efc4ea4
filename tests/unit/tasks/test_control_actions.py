"""The tasks that control a pipeline, through the dispatcher that the Lambda calls."""

import http.server
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from tests.fakes import FakeApprovals, FakeChannel, tasks_ports
from tests.ingest_fakes import FakeClock

from aftertrain.model.event import Event
from aftertrain.tasks.fail import IntentionalFailureError
from aftertrain.tasks.http_request import RequestFailedError
from aftertrain.tasks.ports import TaskError, TaskPorts
from aftertrain.tasks.run import run

NINE = 1_769_504_400.0  # 2026-01-27T09:00:00Z


def call(
    action: str, ports: TaskPorts | None = None, extra: dict[str, Any] | None = None, **params: Any
) -> dict[str, Any]:
    payload = {"action": action, "step": "s", "execution": "e1", "params": params, **(extra or {})}
    return run(payload, lambda: 100.0, ports or tasks_ports())


def test_set_output_puts_out_what_it_is_given() -> None:
    assert call("set_output", outputs={"a": 1, "b": [None]}) == {"a": 1, "b": [None]}


@pytest.mark.parametrize(
    ("operation", "value", "result"),
    [
        ("passthrough", None, None),
        ("uppercase", "ab", "AB"),
        ("lowercase", "AB", "ab"),
        ("keys", {"b": 1, "a": 2}, ["b", "a"]),
        ("values", {"b": 1, "a": 2}, [1, 2]),
        ("count", [1, 2], 2),
        ("flatten", [[1], 2, [[3]]], [1, 2, [3]]),
        ("unique", [1, True, "1", 1, [1], [1]], [1, True, "1", [1]]),
        ("sort", [3, 1.5, 2], [1.5, 2, 3]),
        ("reverse", "abc", "cba"),
    ],
)
def test_transform(operation: str, value: Any, result: Any) -> None:
    output = call("transform", input=value, operation=operation)

    assert (output["result"], output["operation"]) == (result, operation)
    assert repr(output["result"]) == repr(result)


@pytest.mark.parametrize(("operation", "value"), [("uppercase", 1), ("sort", [1, "a"]), ("sort", [True]), ("keys", [])])
def test_transform_refuses_what_it_cannot_take(operation: str, value: Any) -> None:
    with pytest.raises(TaskError):
        call("transform", input=value, operation=operation)


@pytest.mark.parametrize(
    ("operation", "values", "result"),
    [
        ("list", [1, "a"], [1, "a"]),
        ("sum", [1, 2], 3),
        ("sum", [0.1, 0.2, 0.3], 0.6),
        ("join", ["a", 1], "a, 1"),
        ("merge", [{"a": 1}, {"a": 2, "b": 3}], {"a": 2, "b": 3}),
        ("first", [1, 2], 1),
        ("last", [1, 2], 2),
        ("min", ["b", "a"], "a"),
        ("max", [1, 2.5], 2.5),
        ("average", [1, 2], 1.5),
        ("count", [], 0),
        ("flatten", [[1], [2]], [1, 2]),
    ],
)
def test_aggregate(operation: str, values: list[Any], result: Any) -> None:
    output = call("aggregate", inputs=values, operation=operation)

    assert (output["result"], output["count"]) == (result, len(values))


@pytest.mark.parametrize(
    ("operation", "values"),
    [("sum", ["a"]), ("first", []), ("average", []), ("merge", [1]), ("join", [[]]), ("max", [1, "a"])],
)
def test_aggregate_refuses_what_does_not_go_together(operation: str, values: list[Any]) -> None:
    with pytest.raises(TaskError):
        call("aggregate", inputs=values, operation=operation)


def test_conditional_takes_the_first_branch_that_holds() -> None:
    branches = [
        {"id": "low", "condition": False, "target_step": "retrain"},
        {"id": "good", "condition": True, "target_step": "deploy", "label": "good enough"},
        {"id": "also", "condition": True, "target_step": "tell"},
    ]
    output = call("conditional", branches=branches)

    assert (output["matched_branch"], output["matched_label"], output["target_step"]) == (
        "good",
        "good enough",
        "deploy",
    )
    assert call("conditional", branches=branches[:1])["target_step"] is None
    assert call("conditional", condition=True, true_result=1)["result"] == 1
    assert call("conditional", condition=False)["branch"] == "false"


def test_conditional_is_one_of_two_things() -> None:
    with pytest.raises(TaskError, match="one of branches and condition"):
        call("conditional")


def test_fail_fails_with_its_code() -> None:
    with pytest.raises(IntentionalFailureError, match="TOO_SMALL: not enough data"):
        call("fail", message="not enough data", error_code="TOO_SMALL")


@pytest.mark.parametrize(
    ("params", "until", "seconds"),
    [
        ({"duration_seconds": 90}, "2026-01-27T09:01:30Z", 90),
        ({"duration_hours": 0.5}, "2026-01-27T09:30:00Z", 1800),
        ({"until_time": "2026-01-27T09:00:10"}, "2026-01-27T09:00:10Z", 10),
        ({"until_time": "2026-01-27T10:00:00+01:00"}, "2026-01-27T09:00:00Z", 0),
        ({"until_time": "2026-01-27T05:00:00", "timezone": "America/New_York"}, "2026-01-27T10:00:00Z", 3600),
        ({"until_time": "09:00"}, "2026-01-28T09:00:00Z", 86_400),
        ({"until_time": "10:30", "timezone": "Europe/Paris"}, "2026-01-27T09:30:00Z", 1800),
        ({"until_time": "2020-01-01T00:00:00"}, "2026-01-27T09:00:00Z", 0),
    ],
)
def test_wait_until_says_when(params: dict[str, Any], until: str, seconds: int) -> None:
    assert call("wait_until", tasks_ports(clock=FakeClock(NINE)), **params) == {
        "waited": True,
        "until": until,
        "seconds": seconds,
    }


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"duration_seconds": 1, "until_time": "09:00"},
        {"until_time": "soon"},
        {"until_time": "2026-03-01T00:00:00"},
        {"until_time": "09:00", "timezone": "Mars/Olympus"},
        {"duration_seconds": 604_801},
    ],
)
def test_wait_until_refuses_what_is_no_time_or_too_far_away(params: dict[str, Any]) -> None:
    with pytest.raises(TaskError):
        call("wait_until", tasks_ports(clock=FakeClock(NINE)), **params)


def test_a_wait_ends_within_its_step() -> None:
    ports = tasks_ports(clock=FakeClock(NINE))

    assert call("wait_until", ports, {"within_seconds": 91}, duration_seconds=90)["seconds"] == 90
    with pytest.raises(TaskError, match="is 90 seconds away, but the step may take only 90"):
        call("wait_until", ports, {"within_seconds": 90}, duration_seconds=90)


def test_an_emitted_event_is_the_same_for_every_retry_and_knows_its_depth() -> None:
    seen: list[Event] = []

    def emit(event: Event) -> list[str]:
        seen.append(event)
        return ["e2"]

    ports = tasks_ports(emit=emit)
    first = call("event_emit", ports, {"depth": 2}, event_type="model.checked", data={"ok": True})
    again = call("event_emit", ports, {"depth": 2}, event_type="model.checked", data={"ok": True})

    assert first == again == {"event_id": seen[0].id, "executions": ["e2"]}
    assert (seen[0].depth, seen[0].type, seen[0].data) == (3, "model.checked", {"ok": True})
    assert call("event_emit", ports, {"item": 1}, event_type="model.checked")["event_id"] != first["event_id"]


def test_pipelines_cannot_start_each_other_for_ever() -> None:
    with pytest.raises(TaskError, match="in a cycle"):
        call("event_emit", None, {"depth": 8}, event_type="a.b")


def test_an_approval_is_kept_and_sent_with_its_link() -> None:
    approvals, channel = FakeApprovals(), FakeChannel()
    ports = tasks_ports(approvals=approvals, channels={"*": channel})

    assert call("approval", ports, {"token": "t1"}, message="Deploy?") == {}
    ((approval_id, item),) = approvals.asked.items()
    assert (item["token"], item["status"], item["step"]) == ("t1", "pending", "s")
    assert f"https://api.example/approvals/{approval_id}?key=s3cret" in channel.sent[0]["message"]
    assert "s3cret" not in str(item)


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b'{"path": "' + self.path.encode() + b'"}'
        self.send_response(404 if self.path == "/gone" else 302 if self.path == "/away" else 200)
        self.send_header("content-type", "application/json")
        self.send_header("location", "http://169.254.169.254/")
        self.end_headers()
        self.wfile.write(b"x" * 200_000 if self.path == "/long" else b"" if self.path == "/empty" else body)

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-type", self.headers["content-type"])
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *_arguments: Any) -> None:
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer) as listening:
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{listening.server_port}"
        listening.shutdown()


def test_a_request_and_its_answer(server: str) -> None:
    ports = tasks_ports(allowed_hosts=frozenset({"127.0.0.1"}))

    found = call("http_request", ports, url=f"{server}/a?b=c")
    assert (found["status_code"], found["body"]) == (200, {"path": "/a?b=c"})
    posted = call("http_request", ports, url=server, method="POST", body={"x": [1]})
    assert posted["body"] == {"x": [1]}
    assert call("http_request", ports, url=f"{server}/gone", accept_status=[404])["status_code"] == 404
    assert call("http_request", ports, url=f"{server}/away")["status_code"] == 302


@pytest.mark.parametrize("path", ["/gone", "/long"])
def test_an_answer_that_is_not_accepted_fails_the_step(server: str, path: str) -> None:
    with pytest.raises(RequestFailedError):
        call("http_request", tasks_ports(allowed_hosts=frozenset({"127.0.0.1"})), url=server + path)


@pytest.mark.parametrize("path", ["/items/../delete", "/items/%2e%2E/delete", "/./x", "/a/.."])
def test_a_value_in_a_path_leads_out_of_nothing(server: str, path: str) -> None:
    with pytest.raises(TaskError, match="could lead to another path"):
        call("http_request", tasks_ports(allowed_hosts=frozenset({"127.0.0.1"})), url=server + path)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/",
        "http://localhost/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::1]/",
        "http://[::ffff:10.0.0.1]/",
        "http://[64:ff9b::a00:1]/",
        "http://10.1.2.3/",
        "http://0x7f.1/",
        "http://2130706433/",
        "http://0.0.0.0/",
        "http://224.0.0.1/",
        "http://192.0.0.8/",
        "http://[fec0::1]/",
        "http://[64:ff9b:1::7f00:1]/",
        "http://[::127.0.0.1]/",
        "http://[::1",
        "http://example.org/\u00fc",
        "file:///etc/passwd",
        "ftp://example.org/",
        "http://user:secret@example.org/",
        "http://example.org:99999/",
        "http://example.org/\r\nX: y",
        "nonsense",
    ],
)
def test_what_is_ours_or_no_address_is_never_called(url: str) -> None:
    with pytest.raises((TaskError, RequestFailedError)):
        call("http_request", url=url)


@pytest.mark.parametrize("header", ["a\nb", "\u20ac"])
def test_a_header_that_cannot_be_sent_is_the_authors_mistake(server: str, header: str) -> None:
    with pytest.raises(TaskError, match="cannot be sent"):
        call("http_request", tasks_ports(allowed_hosts=frozenset({"127.0.0.1"})), url=server, headers={"x": header})


def test_an_answer_without_a_body_is_none(server: str) -> None:
    ports = tasks_ports(allowed_hosts=frozenset({"127.0.0.1"}))

    assert call("http_request", ports, url=f"{server}/empty")["body"] is None


def test_the_connection_goes_to_the_address_that_was_looked_at(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that first resolves to a public address and later to a private one is resolved once."""
    answers = iter(
        [[(socket.AF_INET, 1, 6, "", ("93.184.216.34", 80))], [(socket.AF_INET, 1, 6, "", ("127.0.0.1", 80))]]
    )
    reached: list[Any] = []

    def connect(address: Any, *_arguments: Any) -> Any:
        reached.append(address)
        raise OSError("no route")

    monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_k: next(answers))
    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(RequestFailedError):
        call("http_request", url="http://rebinding.example/")

    assert reached == [("93.184.216.34", 80)]
