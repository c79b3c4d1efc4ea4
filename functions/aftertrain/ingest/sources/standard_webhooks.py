"""A Standard Webhooks request -> event.

    webhook-id: msg_2Yh   body: {"type": "model.trained", "timestamp": "2026-01-01T00:00:00Z", "data": {"run": 7}}
    ->  model.trained  {"run": 7}

Format: standardwebhooks.com. Retries have the same id.
"""

from aftertrain.ingest.sources.delivery import Delivery
from aftertrain.ingest.sources.draft import Draft, event_type, mapping, optional_text
from aftertrain.model.event import Event


def read(delivery: Delivery) -> list[Draft]:
    """The one event of a request."""
    fields = mapping(delivery.payload, "body")
    time = optional_text(fields, "timestamp", "") or delivery.received
    data = dict(mapping(fields.get("data", {}), "data"))
    kind, event_id = event_type(fields, "type", ""), delivery.header("webhook-id")
    return [Event(kind, event_id, delivery.source.id, time, "", data)]
