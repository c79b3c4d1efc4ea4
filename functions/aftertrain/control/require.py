"""Items that must exist -> the items, or an error that names the missing one."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from aftertrain.compiler.bindings import Callee
from aftertrain.control.ports import Entry, Item, Registry, StaleError
from aftertrain.errors import ConflictError, NotFoundError, ThrottledError
from aftertrain.model.definition import Definition

ATTEMPTS = 20  # with the pauses, about 15 s; a request may take 29 s
Result = TypeVar("Result")


def require(registry: Registry, kind: str, item_id: str) -> Entry:
    """An item that the caller names.

    Raises:
        NotFoundError: it does not exist.
    """
    entry = registry.get(kind, item_id)
    if entry is None:
        raise NotFoundError(f"there is no {kind} {item_id!r}", field=f"{kind}_id")
    return entry


def require_absent(registry: Registry, kind: str, item_id: str) -> None:
    """Make sure that an id is free.

    Raises:
        ConflictError: the id is taken.
    """
    if registry.get(kind, item_id) is not None:
        raise ConflictError(f"the {kind} {item_id!r} exists already: update it, or choose another id", field="id")


def callee(registry: Registry, pipeline_id: str) -> Callee | None:
    """A pipeline that another pipeline's step runs: its current version."""
    entry = registry.get("pipeline", pipeline_id)
    if entry is None:
        return None
    parameters = published_definition(entry.item["definition"]).parameters
    return Callee(pipeline_id, entry.item["version"], entry.item["machine_arn"], tuple(parameters))


def published_definition(definition: Mapping[str, Any]) -> Definition:
    """A stored definition, which may predate stricter checks; its triggers are read from the registry."""
    return Definition.model_validate({**definition, "triggers": []}, strict=False)


def schema_of(registry: Registry, event_type: str) -> Item | None:
    """The JSON Schema registered for an event type."""
    entry = registry.get("event_type", event_type)
    return None if entry is None else entry.item["schema"]


def retry_stale(change: Callable[[], Result], pause: Callable[[int], None]) -> Result:
    """Read, decide and commit again if another writer was faster, so no change is lost.

    `pause` waits before the next attempt. It waits longer each time, and not the same time for two writers.
    Raises: StaleError or ThrottledError after the last attempt.
    """
    for attempt in range(ATTEMPTS - 1):
        try:
            return change()
        except (StaleError, ThrottledError):
            pause(attempt)
    return change()
