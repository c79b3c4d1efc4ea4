"""Registered event types: a schema for the data of their events. The webhook refuses events that do not fit."""

import re

from aftertrain.control.bodies import EventTypeBody
from aftertrain.control.build_snapshot import with_schema
from aftertrain.control.ports import Change, ControlPorts, Item
from aftertrain.control.require import require, retry_stale
from aftertrain.errors import AuthorError
from aftertrain.ingest.schemas import check_schema

MAX_TYPE = 128
_TYPE = re.compile(r"[A-Za-z][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)+")


def register(event_type: str, body: EventTypeBody, ports: ControlPorts) -> Item:
    """Register a type's schema, or replace it; stored events are not checked again.

    Raises: AuthorError if the name is no event type or a bucket's, or if the schema cannot be used.
    """
    if not _TYPE.fullmatch(event_type) or len(event_type) > MAX_TYPE:
        raise AuthorError(f"{event_type!r} is not a dotted name such as training.finished", field="event_type")
    if event_type.startswith("object."):
        raise AuthorError("buckets define the data of object.…: choose another event type", field="event_type")
    check_schema(body.schema_)

    def change() -> Item:
        snapshot = ports.registry.snapshot()
        entry = ports.registry.get("event_type", event_type)
        item = {"id": event_type, "schema": body.schema_, "updated_at": ports.clock()}
        changes = [Change("event_type", event_type, item, entry.revision if entry else 0)]
        ports.registry.commit(changes, with_schema(snapshot, event_type, body.schema_))
        return item

    return retry_stale(change, ports.pause)


def delete(event_type: str, ports: ControlPorts) -> None:
    """Delete a type's schema; its events may have any data again."""

    def change() -> None:
        snapshot = ports.registry.snapshot()
        entry = require(ports.registry, "event_type", event_type)
        changes = [Change("event_type", event_type, None, entry.revision)]
        ports.registry.commit(changes, with_schema(snapshot, event_type, None))

    retry_stale(change, ports.pause)


def list_all(ports: ControlPorts) -> list[Item]:
    """All registered types."""
    return ports.registry.items("event_type")
