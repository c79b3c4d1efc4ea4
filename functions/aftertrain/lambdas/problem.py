"""An error -> a problem body (RFC 9457).

{"type": "about:blank", "title": "Bad Request", "status": 400, "detail": "events must be a list", "field": "events"}
"""

import json
from http import HTTPStatus
from typing import Any

from aftertrain.errors import AftertrainError, http_status

CONTENT_TYPE = "application/problem+json"
# Every answer of the API that is no success, for its OpenAPI document.
PROBLEM_SCHEMA = {
    "description": "A problem (RFC 9457): 404, 409, 415, 422, 429, 500 or 503",
    "content": {
        CONTENT_TYPE: {
            "schema": {
                "type": "object",
                "required": ["type", "title", "status", "detail"],
                "properties": {
                    "type": {"type": "string"},
                    "title": {"type": "string"},
                    "status": {"type": "integer"},
                    "detail": {"type": "string"},
                    "field": {"type": "string"},
                    "diagnostics": {"type": "array", "items": {"type": "object"}},
                },
            }
        }
    },
}


def problem(error: AftertrainError) -> dict[str, Any]:
    """The body for one of our errors; it tells the caller nothing secret."""
    return problem_body(http_status(error), error.message, error.field)


def problem_body(status: int, detail: str, field: str | None = None) -> dict[str, Any]:
    """A problem of any status."""
    title = HTTPStatus(status).phrase
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    return body | ({"field": field} if field else {})


def answer(status: int, body: dict[str, Any] | str, content_type: str, headers: dict[str, str]) -> dict[str, Any]:
    """A response in API Gateway's payload format 2.0; text bodies stay unchanged."""
    text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
    return {"statusCode": status, "headers": {"content-type": content_type, **headers}, "body": text}
