"""A Weights & Biases webhook -> event.

    {"event_type": "LINK_ARTIFACT", "artifact_version": "wandb-artifact://_id/QXJ0…", "artifact_version_string":
     "team/model-registry/ranker:v3", "artifact_collection_name": "ranker", "project_name": "p", "entity_name": "team"}
    ->  model.added  {model_id: "team/model-registry/ranker:v3", model_name: "ranker", model_source: "wandb", …}

The author of the automation writes the payload; docs/how-to/connect-wandb.md has a template. A payload has neither an
id nor a time, so the same payload is the same event. Format:
docs.wandb.ai/models/automations/create-automations/webhook.
"""

from aftertrain.ingest.sources.delivery import Delivery
from aftertrain.ingest.sources.draft import Draft, mapping, optional_text, text
from aftertrain.ingest.sources.object_change import normalise_type
from aftertrain.model.event import Event
from aftertrain.model.names import canonical_json, digest

_TYPES = {"LINK_ARTIFACT": "model.added", "ADD_ARTIFACT_ALIAS": "model.updated"}


def read(delivery: Delivery) -> list[Draft]:
    """The one event of a request."""
    fields = mapping(delivery.payload, "body")
    event_type = text(fields, "event_type", "")
    name = optional_text(fields, "artifact_collection_name", "")
    version = optional_text(fields, "artifact_version_string", "")
    model = {
        "model_id": version or name,
        "model_name": name,
        "model_source": "wandb",
        "model_uri": optional_text(fields, "artifact_version", ""),
    }
    kind = _TYPES.get(event_type) or f"wandb.{normalise_type(event_type)}"
    event_id = digest(canonical_json(dict(fields)))
    return [Event(kind, event_id, delivery.source.id, delivery.received, version or name or "", {**fields, **model})]
