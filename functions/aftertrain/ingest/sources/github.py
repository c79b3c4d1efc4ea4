"""A GitHub webhook -> event.

    x-github-event: release, x-github-delivery: 72d3162e-…   body: {"action": "published", "release": {…}}
    ->  github.release.published

Format: docs.github.com/webhooks. A redelivery has the same delivery id.
"""

from aftertrain.ingest.sources.delivery import Delivery
from aftertrain.ingest.sources.draft import Draft, mapping
from aftertrain.ingest.sources.object_change import normalise_type
from aftertrain.model.event import Event


def read(delivery: Delivery) -> list[Draft]:
    """The one event of a request; the first ping becomes `github.ping`."""
    fields = dict(mapping(delivery.payload, "body"))
    action, repository = fields.get("action"), fields.get("repository")
    kind = f"github.{normalise_type(delivery.header('x-github-event'))}"
    if isinstance(action, str) and action:
        kind += f".{normalise_type(action)}"
    name = repository.get("full_name") if isinstance(repository, dict) else None
    event_id = delivery.header("x-github-delivery")
    return [Event(kind, event_id, delivery.source.id, delivery.received, str(name or "")[:1024], fields)]
