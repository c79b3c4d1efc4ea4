"""The registry's items -> the snapshot that the webhook reads.

    {"sources": [{"id": "tigris-models", …}], "triggers": [{"id": "trig-1", "pipeline": {…, "machine_arn": "…:7"}, …}]}

Every change of a source, a trigger or a pipeline writes the snapshot in the same transaction. So the webhook's next
check sees every change that the API has confirmed.
"""

from typing import Any

from aftertrain.control.ports import Entry, Item
from aftertrain.control.require import published_definition
from aftertrain.model.policy_spec import policies_of
from aftertrain.model.trigger import PipelineVersion, Trigger


def source_in(snapshot: Entry, source_id: str) -> dict[str, Any]:
    """A source as the webhook knows it, with its secrets."""
    return next(source for source in snapshot.item["sources"] if source["id"] == source_id)


def with_source(snapshot: Entry, source: dict[str, Any] | None, source_id: str) -> Entry:
    """The snapshot with a source added or replaced, or removed if it is None."""
    return _replace_item(snapshot, "sources", source, source_id)


def with_trigger(snapshot: Entry, trigger: Item | None, pipeline: Item | None, trigger_id: str) -> Entry:
    """The snapshot with a trigger's current state; a disabled or deleted trigger is left out."""
    trigger_item = _trigger_item(trigger, pipeline) if trigger and pipeline and trigger["enabled"] else None
    return _replace_item(snapshot, "triggers", trigger_item, trigger_id)


def with_pipeline(snapshot: Entry, pipeline: Item) -> Entry:
    """The snapshot with every trigger of a pipeline on its current version."""
    version = current_version(pipeline).item()
    triggers = [
        trigger | {"pipeline": version} if trigger["pipeline"]["pipeline_id"] == pipeline["id"] else trigger
        for trigger in snapshot.item["triggers"]
    ]
    return Entry(snapshot.item | {"triggers": triggers}, snapshot.revision)


def with_schema(snapshot: Entry, event_type: str, schema: dict[str, Any] | None) -> Entry:
    """The snapshot with the schema of an event type added or replaced, or removed if it is None."""
    schemas = {name: stored for name, stored in snapshot.item.get("schemas", {}).items() if name != event_type}
    return Entry(
        snapshot.item | {"schemas": schemas | ({event_type: schema} if schema is not None else {})}, snapshot.revision
    )


def current_version(pipeline: Item) -> PipelineVersion:
    """The version that a new execution of the pipeline runs."""
    types = published_definition(pipeline["definition"]).types
    return PipelineVersion(pipeline["id"], pipeline["version"], pipeline["machine_arn"], types)


def _trigger_item(trigger: Item, pipeline: Item) -> Item:
    return Trigger(
        id=trigger["id"],
        event_type=trigger["event_type"],
        pipeline=current_version(pipeline),
        where=trigger["where"],
        filter=trigger["filter"],
        params=trigger["params"],
        policies=policies_of(trigger),
        priority=trigger.get("priority", 0),
        sources=tuple(trigger.get("source") or ()),
    ).item()


def _replace_item(snapshot: Entry, name: str, item: Item | None, item_id: str) -> Entry:
    remaining = [entry for entry in snapshot.item[name] if entry["id"] != item_id]
    items = sorted([*remaining, *([item] if item else [])], key=lambda entry: str(entry["id"]))
    return Entry(snapshot.item | {name: items}, snapshot.revision)
