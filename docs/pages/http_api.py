"""The OpenAPI document -> the reference of the HTTP API."""

import os
from typing import Any
from unittest import mock

from docs.pages.markdown import code, table

INTRO = """# HTTP API

The API is at the stack's `ApiUrl`. Requests are signed with Signature Version 4 for the service `execute-api`; the
caller needs `execute-api:Invoke`. `GET /v1/openapi.json` returns the OpenAPI document from which this page is made.

Errors are problems (RFC 9457): `{"type", "title", "status", "detail"}`, with `field` if one field is wrong, and
`diagnostics` for the mistakes of a definition.
"""


def page() -> str:
    """The whole page."""
    document = _document()
    lines = [INTRO]
    for path, operations in sorted(document["paths"].items()):
        for method, operation in operations.items():
            lines += [f"## {method.upper()} {path}", "", *_operation(operation, document), ""]
    return "\n".join(lines).rstrip() + "\n"


def _document() -> dict[str, Any]:
    environment = {"POWERTOOLS_SERVICE_NAME": "docs", "POWERTOOLS_METRICS_NAMESPACE": "docs"}
    with mock.patch.dict(os.environ, environment):
        from aftertrain.lambdas import control

        return control.openapi()


def _operation(operation: dict[str, Any], document: dict[str, Any]) -> list[str]:
    lines: list[str] = []
    parameters = operation.get("parameters", [])
    if parameters:
        rows = [(code(entry["name"]), entry["in"], _kind(entry["schema"])) for entry in parameters]
        lines += [*table(("parameter", "in", "type"), rows), ""]
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    if body is None:
        return lines or ["No parameters."]
    return [*lines, *_body(body, document)]


def _body(schema: dict[str, Any], document: dict[str, Any]) -> list[str]:
    lines: list[str] = []
    for option in schema.get("oneOf") or schema.get("anyOf") or [schema]:
        model = _resolved(option, document)
        required = model.get("required", [])
        rows = [
            (code(name), _kind(_resolved(value, document)), "yes" if name in required else "no")
            for name, value in model.get("properties", {}).items()
        ]
        description = " ".join(model.get("description", "").split())
        lines += (
            ([f"Body: {description}", ""] if description else []) + table(("field", "type", "required"), rows) + [""]
        )
    return lines[:-1]


def _resolved(schema: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in schema:
        return schema
    resolved: dict[str, Any] = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return resolved


def _kind(schema: dict[str, Any]) -> str:
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_kind(option) for option in schema["anyOf"]))
    if "enum" in schema:
        return "one of " + ", ".join(code(str(value)) for value in schema["enum"])
    return str(schema.get("type") or schema.get("title") or schema.get("$ref", "any").rpartition("/")[2])
