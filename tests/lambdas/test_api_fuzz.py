"""The API's own OpenAPI document, tried on the API: no input gives a 5xx, or an undocumented answer."""

import io
import json
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock
from urllib.parse import unquote_plus

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.api import Context
from tests.fakes import control_ports
from tests.ingest_fakes import ingest_ports

from aftertrain.ingest.snapshot import CurrentSnapshot, Snapshot
from aftertrain.lambdas import control

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


def wsgi(environ: dict[str, Any], start: Callable[[str, list[tuple[str, str]]], Any]) -> list[bytes]:
    """The handler as a WSGI application: API Gateway's payload in and out."""
    query = environ.get("QUERY_STRING", "")
    path, method = environ["PATH_INFO"].encode("latin-1").decode(errors="replace"), environ["REQUEST_METHOD"]
    pairs = [part.partition("=") for part in query.split("&") if part]
    event = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "queryStringParameters": {unquote_plus(name): unquote_plus(value) for name, _, value in pairs},
        "headers": {"content-type": environ.get("CONTENT_TYPE") or "application/json"},
        "requestContext": {"http": {"method": method, "path": path}, "stage": "$default", "requestId": "1"},
        "body": environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)).decode(errors="replace") or None,
        "isBase64Encoded": False,
    }
    answer = control.handler(event, Context())
    headers = answer.get("headers") or {name: values[0] for name, values in answer["multiValueHeaders"].items()}
    start(f"{answer['statusCode']} X", [(name, str(value)) for name, value in headers.items()])
    return [answer["body"].encode()]


@pytest.fixture(autouse=True)
def stage() -> Iterator[None]:
    snapshot = mock.create_autospec(CurrentSnapshot, instance=True)
    snapshot.get.return_value = Snapshot(0, {}, ())
    with (
        mock.patch.object(control.runtime, "ports", return_value=control_ports()),
        mock.patch.object(control.ingest, "ports", return_value=ingest_ports()),
        mock.patch.object(control.ingest, "snapshot", return_value=snapshot),
    ):
        yield


schema = schemathesis.openapi.from_wsgi("/v1/openapi.json", wsgi)


@schema.parametrize()
@settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_no_input_breaks_the_api(case: schemathesis.Case) -> None:
    case.call_and_validate(checks=CHECKS)


def call(method: str, path: str, body: str | None = None, kind: str = "application/json") -> int:
    """The status of a request that no client would send."""
    seen: list[str] = []
    raw = (body or "").encode()
    path, _, query = path.partition("?")
    environ = {
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "REQUEST_METHOD": method,
        "CONTENT_TYPE": kind,
        "CONTENT_LENGTH": str(len(raw)),
        "wsgi.input": io.BytesIO(raw),
    }
    wsgi(environ, lambda status, _headers: seen.append(status))
    return int(seen[0].split()[0])


@pytest.mark.parametrize(
    ("method", "path", "body", "kind", "status"),
    [
        ("POST", "/v1/pipelines", "[" * 200_000, "application/json", 422),
        ("POST", "/v1/pipelines", json.dumps({"definition": "[" * 100_000}), "application/json", 422),
        ("POST", "/v1/pipelines", json.dumps({"definition": "- " * 50_000}), "application/json", 422),
        ("POST", "/v1/pipelines", "x", "text/plain", 415),
        ("POST", "/v1/pipelines", '{"definition": 1e999}', "application/json", 422),
        ("POST", "/v1/backtests", '{"trigger": ""}', "application/json", 422),
        ("POST", "/v1/trigger-tests", '{"trigger": "", "event": {}}', "application/json", 422),
        ("POST", "/v1/event-triggers", '{"event_type": "a.*", "pipeline_id": ""}', "application/json", 422),
        ("PUT", "/v1/clusters/x", "[null, null]", "application/json", 422),
        ("GET", "/v1/pipelines/" + "x" * 1500, None, "application/json", 422),
        ("GET", "/v1/events/x?event_id=" + "a" * 3000, None, "application/json", 422),
        ("GET", "/v1/events?before=0.0", None, "application/json", 200),
    ],
)
def test_what_no_client_sends_is_refused_with_a_reason(
    method: str, path: str, body: str | None, kind: str, status: int
) -> None:
    assert call(method, path, body, kind) == status
