"""The API in process: a client whose requests go through the real Lambda handler, over fakes or over moto.

client = api_client(control_ports())
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock
from urllib.parse import urlencode

from aftertrain.client import Client
from aftertrain.client.errors import api_error
from aftertrain.control.ports import ControlPorts
from aftertrain.lambdas import control


class Context:
    """Lambda's second argument."""

    function_name = "control"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:us-east-1:1:function:control"
    aws_request_id = "request-1"


def http_event(method: str, path: str, query: dict[str, Any] | None = None, body: Any = None) -> dict[str, Any]:
    """A request as an HTTP API passes it on (payload format 2.0)."""
    return {
        "version": "2.0",
        "routeKey": f"{method} {path}",
        "rawPath": path,
        "rawQueryString": urlencode(query or {}),
        "queryStringParameters": {name: str(value) for name, value in (query or {}).items()},
        "headers": {"content-type": "application/json"},
        "requestContext": {"http": {"method": method, "path": path}, "stage": "$default", "requestId": "1"},
        "body": body if isinstance(body, str) or body is None else json.dumps(body),
        "isBase64Encoded": False,
    }


class InProcess:
    """A transport of the client that calls the handler instead of a URL."""

    def call(self, method: str, path: str, query: dict[str, Any] | None = None, body: Any = None) -> Any:
        given = {name: value for name, value in (query or {}).items() if value is not None}
        answer = control.handler(http_event(method, path, given, body), Context())
        value = json.loads(answer["body"])
        if answer["statusCode"] == 200:
            return value
        raise api_error(answer["statusCode"], value)


@contextmanager
def api_client(ports: ControlPorts) -> Iterator[Client]:
    """A client of the handler with these ports."""
    with mock.patch.object(control.runtime, "ports", return_value=ports):
        yield Client(transport=InProcess())


def execution(status: str) -> dict[str, Any]:
    """An execution that has not ended, as the registry stores it and the API returns it."""
    return {
        "id": "t-1",
        "arn": "arn:x",
        "status": status,
        "pipeline_id": "p",
        "version": 1,
        "trigger_id": "t",
        "event": {},
        "started_at": "2026-01-01T00:00:00+00:00",
        "stopped_at": None,
    }
