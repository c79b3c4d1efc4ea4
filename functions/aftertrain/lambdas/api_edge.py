"""A request of the API -> why it is refused before any route sees it, if it is.

    {"body": "[[[[…", …}               ->  422 the body is nested deeper than 64 levels
    content-type: text/plain           ->  415 send the body as application/json
    /v1/pipelines/<1,500 characters>   ->  422 an id has at most 256 characters

What no route could use must not reach a parser that recurses, or a table that answers with its own words.
"""

import base64
import binascii
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

from aftertrain.model.strict_json import NotStrictJsonError, read_json

MAX_ID = 256  # characters; no id of ours and of a sender is longer
Refusal = tuple[HTTPStatus, str, str]  # status, detail, field


def refuse(event: dict[str, Any]) -> Refusal | None:
    """The first thing that is wrong with a request, in the form of API Gateway's payload 2.0."""
    for name, value in _ids(event):
        if len(value) > MAX_ID:
            return HTTPStatus.UNPROCESSABLE_ENTITY, f"{name} has more than {MAX_ID} characters", name
        if not value.isprintable():
            return HTTPStatus.UNPROCESSABLE_ENTITY, f"{name} contains a character that cannot be printed", name
    return _refuse_body(event)


def _ids(event: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for segment in str(event.get("rawPath", "")).split("/"):
        yield "the id in the path", unquote(segment, errors="replace")
    for name, value in (event.get("queryStringParameters") or {}).items():
        yield name[:MAX_ID], str(value)


def _refuse_body(event: dict[str, Any]) -> Refusal | None:
    body = event.get("body")
    if not body:
        return None
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    kind = headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if kind != "application/json" and not kind.endswith("+json"):
        return HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"{kind or 'no content type'}: send the body as application/json", ""
    try:
        raw = base64.b64decode(body, validate=True) if event.get("isBase64Encoded") else body.encode()
        read_json(raw, "the body")
    except NotStrictJsonError as error:
        return HTTPStatus.UNPROCESSABLE_ENTITY, error.message, error.field
    except (binascii.Error, ValueError):
        return HTTPStatus.UNPROCESSABLE_ENTITY, "the body cannot be decoded", ""
    return None
