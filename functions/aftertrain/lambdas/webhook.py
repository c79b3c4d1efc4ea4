"""POST /events/{source}: takes events in. Answers 200 once every event of the request is durable."""

import base64
import binascii
from typing import Any

from aftertrain.errors import AftertrainError, BusyError, SenderError, UnauthorizedError, http_status
from aftertrain.ingest.handshake import handshake
from aftertrain.ingest.receive import Receipt, receive
from aftertrain.ingest.request import Request
from aftertrain.lambdas.observability import count, count_verdicts, logger, metrics
from aftertrain.lambdas.problem import CONTENT_TYPE, answer, problem, problem_body
from aftertrain.lambdas.runtime import ingest as runtime


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Lambda's entry point."""
    if event.get("requestContext", {}).get("http", {}).get("method") == "OPTIONS":
        return answer(200, "", "text/plain", handshake(_headers(event)))
    response: dict[str, Any] = _post(event, context)
    return response


@metrics.log_metrics(capture_cold_start_metric=True)
def _post(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    try:
        snapshot = runtime.snapshot().get()
        if snapshot.unreadable:
            count("TriggersUnreadable", len(snapshot.unreadable))
            logger.error("triggers that cannot be read", extra={"triggers": sorted(snapshot.unreadable)})
        receipt = receive(_request(event), snapshot, runtime.ports())
    except AftertrainError as error:
        return _error_response(error)
    except Exception:
        count("RequestsFailed")
        logger.exception("a request could not be handled")
        return answer(
            500, problem_body(500, "the request could not be handled; it may be sent again"), CONTENT_TYPE, {}
        )
    _record_receipt(receipt)
    return answer(200, _body(receipt), "application/json", {})


def _headers(event: dict[str, Any]) -> dict[str, str]:
    return {name.lower(): value for name, value in event.get("headers", {}).items()}


def _request(event: dict[str, Any]) -> Request:
    body = event.get("body") or ""
    try:
        raw = base64.b64decode(body, validate=True) if event.get("isBase64Encoded") else body.encode()
    except (binascii.Error, ValueError):
        raise SenderError("the body cannot be decoded", field="body") from None
    return Request(event["pathParameters"]["source"], _headers(event), raw)


def _body(receipt: Receipt) -> dict[str, Any]:
    body = {
        "received": receipt.received,
        "duplicates": receipt.duplicates,
        "matched": receipt.matched,
        "executions": receipt.executions,
    }
    rejected = [{"field": error.field, "detail": error.message} for error in receipt.rejected]
    return body | ({"rejected": rejected} if rejected else {})


def _record_receipt(receipt: Receipt) -> None:
    count("EventsReceived", receipt.received)
    count("EventsDuplicate", receipt.duplicates)
    count("EventsMatched", receipt.matched)
    count("EventsRejected", len(receipt.rejected))
    count_verdicts(receipt.decided)
    logger.info("received", extra=_body(receipt))


def _error_response(error: AftertrainError) -> dict[str, Any]:
    status = http_status(error)
    count("RequestsRefused")
    logger.warning("refused", extra={"status": status, "detail": error.message, "field": error.field})
    headers = {}
    if isinstance(error, UnauthorizedError):
        headers = {"www-authenticate": "Bearer, Basic"}
    if isinstance(error, BusyError):
        return answer(status, problem_body(status, "busy: send it again"), CONTENT_TYPE, {"retry-after": "5"})
    return answer(status, problem(error), CONTENT_TYPE, headers)
