"""Events of the account's own bus, queued by EventBridge -> recorded and started like any sender's events.

An event that cannot be recorded now raises, so the queue delivers it again, for a day.
"""

import json
from typing import Any

from aftertrain.aws.emitter import Emitter
from aftertrain.errors import SenderError
from aftertrain.ingest.normalise import normalise
from aftertrain.ingest.sources.delivery import Delivery
from aftertrain.lambdas.observability import count, logger, metrics
from aftertrain.lambdas.runtime import ingest as runtime
from aftertrain.model.authority import ACCOUNT


@metrics.log_metrics
def handler(event: dict[str, Any], context: object) -> dict[str, list[str]]:  # noqa: ARG001 - Lambda's signature
    """Lambda's entry point, one message at a time; IAM admits only the bus."""
    (message,) = event["Records"]
    return _handle_event(json.loads(message["body"]))


def _handle_event(event: dict[str, Any]) -> dict[str, list[str]]:
    count("EventsReceived")
    try:
        started = _take(event)
    except SenderError as error:
        count("EventsRejected")
        logger.warning("no event", extra={"detail": error.message, "field": error.field, "id": event.get("id")})
        return {"executions": []}
    logger.info("received", extra={"id": event["id"], "executions": started})
    return {"executions": started}


def _take(event: dict[str, Any]) -> list[str]:
    """The executions that an event started. Raises: SenderError, BusyError."""
    emit = Emitter(runtime.ports(), runtime.snapshot().get)
    started: list[str] = []
    for draft in normalise(Delivery(event, ACCOUNT)):
        if isinstance(draft, SenderError):
            raise draft
        started += emit.take(draft, ACCOUNT)
    return started
