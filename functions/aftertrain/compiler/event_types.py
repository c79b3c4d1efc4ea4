"""Event type -> the fields of its data, for types with a known format.

    fields_of(["object.created"], no_schema)  ->  {"bucket": string, "key": string, "uri": string, …}

Custom senders may add any field to most types. There, a field is a mistake only if it nearly matches a known name.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from aftertrain.expressions.shapes import BOOLEAN, INTEGER, KINDS, STRING, Shape, of

_TEXT_OR_NULL = of("string", "null", there=False)

_OBJECT = {
    "bucket": STRING.maybe(),
    "key": STRING.maybe(),
    "uri": STRING.maybe(),
    "size": of("integer", "null", there=False),
    "etag": _TEXT_OR_NULL,
    "event_name": _TEXT_OR_NULL,
    "version_id": _TEXT_OR_NULL,
    "sequencer": _TEXT_OR_NULL,
    "event_source": _TEXT_OR_NULL,
    # Added by policies: the objects of a set, the events of a burst.
    "parts": Shape(frozenset({"array"}), there=False),
    "events": Shape(frozenset({"array"}), there=False),
    "events_left_out": INTEGER.maybe(),
}
_MODEL = dict.fromkeys(
    ("model_id", "model_name", "model_source", "model_uri", "model_version", "created_by", "ref", "sha"), _TEXT_OR_NULL
) | {"auto_deploy": BOOLEAN.maybe()}
_DEPLOYMENT = dict.fromkeys(
    (
        *("deployment_id", "deployment_name", "cluster_id", "model_id", "model_name", "model_uri", "status"),
        *("version", "previous_version", "error_message"),
    ),
    _TEXT_OR_NULL,
)
_CLUSTER = dict.fromkeys(("cluster_id", "cluster_name", "status"), _TEXT_OR_NULL) | {"node_count": INTEGER.maybe()}

_BY_FAMILY: Mapping[str, Mapping[str, Shape]] = {
    "object": _OBJECT,
    "model": _MODEL,
    "deployment": _DEPLOYMENT,
    "cluster": _CLUSTER,
}
CLOSED = frozenset({"object"})  # written by our own dialects, without fields of the sender


def fields_of(
    event_types: Sequence[str], schema_of: Callable[[str], Mapping[str, Any] | None]
) -> Mapping[str, Shape] | None:
    """The fields that every event of these types may have; None if one of the types is unknown.

    A registered type has the `properties` of its schema.
    """
    if len(set(event_types)) == 1 and (schema := schema_of(event_types[0])) is not None:
        return {name: _property_shape(field_schema) for name, field_schema in schema.get("properties", {}).items()}
    families = {event_type.split(".")[0] for event_type in event_types}
    if len(families) != 1 or not families <= _BY_FAMILY.keys():
        return None
    return _BY_FAMILY[families.pop()]


def _property_shape(schema: Any) -> Shape:
    """The kinds of a property; its inner fields and its presence are unknown."""
    declared = schema.get("type") if isinstance(schema, dict) else None
    kinds = {declared} if isinstance(declared, str) else set(declared or KINDS)
    return Shape(frozenset(kinds | ({"integer"} if "number" in kinds else set())), there=False)


def closed(event_types: Sequence[str]) -> bool:
    """Whether no other fields can exist."""
    return {event_type.split(".")[0] for event_type in event_types} <= CLOSED
