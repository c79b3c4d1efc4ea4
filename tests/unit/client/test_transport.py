"""Signed requests over HTTP, and answers that are no success."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import botocore.session
import pytest

from aftertrain.client import ApiError, InvalidRequestError
from aftertrain.client.transport import SignedTransport


class Api(BaseHTTPRequestHandler):
    """Gives the answers of the test."""

    def answer(self) -> None:
        length = int(self.headers.get("content-length") or 0)
        self.server.seen.append((self.command, self.path, dict(self.headers), self.rfile.read(length)))
        status, body = self.server.answers.pop(0)
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = answer  # noqa: N815 - the library's names

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@pytest.fixture
def api() -> Iterator[Any]:
    server: Any = HTTPServer(("127.0.0.1", 0), Api)
    server.seen, server.answers = [], [(200, b"[1]")]
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def transport(port: int, path: str = "") -> SignedTransport:
    session = botocore.session.Session()
    session.set_credentials("AKIDEXAMPLE", "secret")
    session.set_config_variable("region", "eu-west-1")
    return SignedTransport(f"http://127.0.0.1:{port}{path}", session)


def test_a_call_is_signed_for_the_api(api: Any) -> None:
    found = transport(api.server_port, "/$default/").call("POST", "/v1/x y", {"a": "b&c", "none": None}, {"n": 1})
    ((method, path, headers, body),) = api.seen

    assert found == [1]
    assert (method, path, json.loads(body)) == ("POST", "/$default/v1/x%20y?a=b%26c", {"n": 1})
    given = {name.lower(): value for name, value in headers.items()}
    assert given["authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/")
    assert "/eu-west-1/execute-api/aws4_request" in given["authorization"]


@pytest.mark.parametrize(
    ("status", "body", "kind", "message"),
    [
        (422, b'{"detail": "no", "field": "x"}', InvalidRequestError, "no"),
        (404, b'{"detail": "none"}', InvalidRequestError, "none"),
        (403, b'{"message": "Forbidden"}', ApiError, "Forbidden"),
        (500, b"<html>", ApiError, "<html>"),
        (503, b"", ApiError, "status 503"),
        (502, b"[]", ApiError, "status 502"),
    ],
)
def test_an_answer_that_is_no_success_is_raised(
    api: Any, status: int, body: bytes, kind: type[ApiError], message: str
) -> None:
    api.answers = [(status, body)]
    with pytest.raises(kind) as caught:
        transport(api.server_port).call("GET", "/v1/x")

    assert type(caught.value) is kind
    assert (caught.value.status, caught.value.message) == (status, message)


def test_an_api_that_does_not_answer_is_named() -> None:
    with pytest.raises(ApiError, match="does not answer"):
        transport(1).call("GET", "/v1/x")


def test_the_region_of_an_address_in_aws_is_read_from_it() -> None:
    session = botocore.session.Session()
    session.set_config_variable("region", "us-east-1")

    assert SignedTransport("https://abc.execute-api.eu-central-1.amazonaws.com", session)._region() == "eu-central-1"
