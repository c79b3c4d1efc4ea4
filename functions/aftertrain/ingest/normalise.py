"""Payload of a source -> events, each small enough for an execution's input.

normalise(Delivery({"events": [{…}]}, Source(kind="tigris", …)))  ->  [Event(…), SenderError(…), …]
"""

from collections.abc import Callable

from aftertrain.errors import TooLargeError
from aftertrain.ingest.request import MAX_EVENT_BYTES
from aftertrain.ingest.sources import (
    cloudevents,
    eventbridge,
    github,
    hugging_face,
    mlflow,
    platform,
    r2,
    s3,
    standard_webhooks,
    tigris,
    wandb,
)
from aftertrain.ingest.sources.delivery import Delivery
from aftertrain.ingest.sources.draft import Draft
from aftertrain.model.event import Event
from aftertrain.model.names import canonical_json
from aftertrain.model.source import SourceKind

DIALECTS: dict[SourceKind, Callable[[Delivery], list[Draft]]] = {
    "tigris": tigris.read,
    "platform": platform.read,
    "s3": s3.read,
    "r2": r2.read,
    "eventbridge": eventbridge.read,
    "cloudevents": cloudevents.read,
    "standard_webhooks": standard_webhooks.read,
    "hugging_face": hugging_face.read,
    "mlflow": mlflow.read,
    "wandb": wandb.read,
    "github": github.read,
}


def normalise(delivery: Delivery) -> list[Draft]:
    """Read a payload in its source's dialect.

    Raises:
        SenderError: the payload has no field that holds events.
    """
    return [_limit_size(draft, index) for index, draft in enumerate(DIALECTS[delivery.source.kind](delivery))]


def _limit_size(draft: Draft, index: int) -> Draft:
    if not isinstance(draft, Event):
        return draft
    size = len(canonical_json(draft.envelope()).encode())
    if size <= MAX_EVENT_BYTES:
        return draft
    return TooLargeError(
        f"event {index} has {size} bytes; at most {MAX_EVENT_BYTES} are accepted", field=f"events[{index}]"
    )
