"""GET and POST /approvals/{id}?key=…: the page behind the link that an approval sends.

Viewing the page changes nothing, because mail and chat programs fetch every link. The answer is a POST.
"""

import base64
from typing import Any
from urllib.parse import parse_qs

from jinja2 import Environment

from aftertrain.aws.jittered_pause import pause
from aftertrain.control import approvals
from aftertrain.errors import AftertrainError, AuthorError, http_status
from aftertrain.lambdas.observability import logger
from aftertrain.lambdas.problem import answer
from aftertrain.lambdas.runtime import approve as runtime

MAX_FIELDS = 20
HTML = "text/html; charset=utf-8"
HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}
_PAGE = Environment(autoescape=True).from_string("""<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{{ title }}</title>
<style>body{font:16px/1.5 system-ui;max-width:38rem;margin:4rem auto;padding:0 1rem}
pre{white-space:pre-wrap;font:inherit}
button{font:inherit;padding:.5rem 1.2rem;margin-right:.5rem}
input{font:inherit;width:100%;margin:.3rem 0 1rem}</style>
<h1>{{ title }}</h1><pre>{{ message }}</pre>
{% if pending %}<form method="post"><label>Your name<input name="by" maxlength="100" required></label>
<label>Comment<input name="comment" maxlength="1000"></label>
<button disabled hidden></button>
<button name="decision" value="approve">Approve</button><button name="decision" value="reject">Reject</button></form>
{% else %}<p><strong>{{ status }}</strong></p>{% endif %}
""")


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Lambda's entry point."""
    approval_id = event["pathParameters"]["approval"]
    key = (event.get("queryStringParameters") or {}).get("key", "")
    try:
        registry = runtime.registry()
        item = approvals.get_by_key(approval_id, key, registry)
        if event["requestContext"]["http"]["method"] == "POST":
            item = _apply_decision(approval_id, _form(event))
        return _page(200, item["title"], item["message"], item["status"])
    except AftertrainError as error:
        return _page(http_status(error), "Nothing to decide", error.message, "")
    except Exception:
        logger.exception("an answer could not be handled")
        return _page(500, "That did not work", "The answer could not be handled; try again.", "")


def _apply_decision(approval_id: str, form: dict[str, str]) -> dict[str, Any]:
    if form.get("decision") not in ("approve", "reject"):
        raise AuthorError("the answer is approve or reject", field="decision")
    return approvals.decide(
        approval_id,
        approve=form["decision"] == "approve",
        by=form.get("by", "")[:100],
        comment=form.get("comment", "")[:1000],
        now=runtime.now(),
        registry=runtime.registry(),
        answers=runtime.answers(),
        pause=pause,
    )


def _form(event: dict[str, Any]) -> dict[str, str]:
    body = event.get("body") or ""
    try:
        text = base64.b64decode(body, validate=True).decode(errors="replace") if event.get("isBase64Encoded") else body
        return {name: values[0] for name, values in parse_qs(text, max_num_fields=MAX_FIELDS).items()}
    except ValueError:  # no base64, or too many fields
        raise AuthorError("the form cannot be read", field="body") from None


def _page(status: int, title: str, message: str, approval_status: str) -> dict[str, Any]:
    text = _PAGE.render(title=title, message=message, pending=approval_status == "pending", status=approval_status)
    return answer(status, text, HTML, HEADERS)
