"""A webhook of MLflow's model registry -> event.

    {"entity": "model_version", "action": "created", "timestamp": "2026-01-01T00:00:00+00:00",
     "data": {"name": "ranker", "version": "3", "source": "models:/123", "run_id": "abcd", "tags": {}}}
    ->  model.added  {model_id: "ranker/3", model_name: "ranker", model_version: "3", model_uri: "models:/123", …}

Format: mlflow.org/docs/latest/ml/webhooks. Retries have the same delivery id. Tags and aliases of a version update the
model; other entities become `mlflow.<entity>_<action>`.
"""

from collections.abc import Mapping
from typing import Any

from aftertrain.ingest.sources.delivery import Delivery
from aftertrain.ingest.sources.draft import Draft, mapping, optional_text, text
from aftertrain.ingest.sources.object_change import normalise_type
from aftertrain.model.event import Event

_UPDATES = ("model_version_tag", "model_version_alias")


def read(delivery: Delivery) -> list[Draft]:
    """The one event of a request."""
    fields = mapping(delivery.payload, "body")
    entity, action = text(fields, "entity", ""), text(fields, "action", "")
    data = mapping(fields.get("data"), "data")
    time = optional_text(fields, "timestamp", "") or delivery.received
    event_id, kind = delivery.header("x-mlflow-delivery-id"), _type(entity, action)
    return [Event(kind, event_id, delivery.source.id, time, str(data.get("name") or ""), _data(data, entity, action))]


def _type(entity: str, action: str) -> str:
    if entity == "model_version":
        return "model.added" if action == "created" else f"model.{normalise_type(action)}"
    if entity in _UPDATES:
        return "model.updated"
    return f"mlflow.{normalise_type(entity)}_{normalise_type(action)}"


def _data(data: Mapping[str, Any], entity: str, action: str) -> dict[str, Any]:
    name, version = optional_text(data, "name", "data"), data.get("version")
    model_fields = {
        "model_id": f"{name}/{version}" if version is not None else name,
        "model_name": name,
        "model_version": version,
        "model_source": "mlflow",
        "model_uri": data.get("source"),
    }
    return {**data, **model_fields, "entity": entity, "action": action}
