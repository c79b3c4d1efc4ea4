"""`http_request` against servers that do not end: its time is bounded as a whole, and its JSON is strict."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from tests.fakes import tasks_ports

from aftertrain.actions.http_request import HttpParams
from aftertrain.tasks.http_request import RequestFailedError, run
from aftertrain.tasks.ports import StepCall

LIMIT = 1


@contextmanager
def server(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server whose connections get this answer; the URL of it."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        try:
            peer, _ = listening.accept()
            with peer:
                peer.recv(65536)
                answer(peer)
        except OSError:
            return

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
    finally:
        listening.close()


def drip(piece: bytes, before: bytes = b"") -> Callable[[socket.socket], None]:
    def answer(peer: socket.socket) -> None:
        peer.sendall(before)
        for _ in range(200):
            peer.sendall(piece)
            time.sleep(0.05)

    return answer


def ask(url: str) -> Any:
    ports = tasks_ports(allowed_hosts=frozenset({"127.0.0.1"}))
    call = StepCall("e", "s", lambda: 60.0)
    return run(HttpParams(url=url, timeout_seconds=LIMIT), call, ports)


@pytest.mark.parametrize(
    "answer",
    [
        drip(b"x-more: 1\r\n", b"HTTP/1.1 200 OK\r\n"),
        drip(b"HTTP/1.1 100 Continue\r\n\r\n"),
        drip(b"H"),
        drip(b"x", b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n"),
    ],
)
def test_an_answer_that_drips_ends_in_time(answer: Callable[[socket.socket], None]) -> None:
    with server(answer) as url:
        begin = time.monotonic()
        with pytest.raises(RequestFailedError):
            ask(url)
        assert time.monotonic() - begin < 8 * LIMIT  # the servers would go on for ten seconds


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b'{"loss": -1e400}', "the number -1e400 is too large"),
        (b'{"loss": NaN}', "NaN is not JSON"),
        (b'{"a": "\\ud800"}', "lone surrogate"),
        (b"[" * 50_000, "nested deeper"),
        (b'{"a": 1, "a": 2}', "the key a is a duplicate"),
        (b"\xff", "not UTF-8"),
    ],
)
def test_json_that_others_read_differently_is_refused(body: bytes, why: str) -> None:
    head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    with server(lambda peer: peer.sendall(head.encode() + body)) as url, pytest.raises(RequestFailedError, match=why):
        ask(url)
