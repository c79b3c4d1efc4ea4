"""The registry's snapshot -> sources and an index of triggers, in memory.

The registry keeps one item with every source and every enabled trigger, and rewrites it in the transaction of each
change. A webhook reads it when it starts and checks for a newer version every few seconds at most. So no event costs a
read.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from aftertrain.errors import AuthorError
from aftertrain.ingest.compiled_trigger import CompiledTrigger, compile_trigger
from aftertrain.ingest.index import TriggerIndex
from aftertrain.model.source import Source
from aftertrain.model.trigger import Trigger, matches_type


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that ingest knows about the registry, at one version.

    `unreadable`: the event types of triggers that this code cannot read, by id; "" if even that is unknown. `types` are
    the event types that triggers name, `prefixes` those that end in `.*`. `schemas` check the data of event types.
    """

    version: int
    sources: dict[str, Source]
    compiled_triggers: tuple[CompiledTrigger, ...]
    unreadable: Mapping[str, str] = field(default_factory=dict)
    types: frozenset[str] = frozenset()
    prefixes: tuple[str, ...] = ()
    schemas: dict[str, dict[str, Any]] = field(default_factory=dict)
    indexes: dict[tuple[str, ...], TriggerIndex] = field(default_factory=dict, compare=False)

    def index(self, event_type: str) -> TriggerIndex:
        """The index of the triggers on this event type, built when the first such event arrives."""
        # Cached by the types that triggers name: senders may use any number of types.
        matching_prefixes = tuple([prefix for prefix in self.prefixes if matches_type(prefix, event_type)])
        watched = (event_type, *matching_prefixes) if event_type in self.types else matching_prefixes
        built = self.indexes.get(watched)
        if built is None:
            built = self.indexes[watched] = TriggerIndex(self.watching(event_type))
        return built

    def trigger(self, trigger_id: str) -> Trigger | None:
        """An enabled trigger."""
        return next(
            (compiled.trigger for compiled in self.compiled_triggers if compiled.trigger.id == trigger_id), None
        )

    def unreadable_for(self, event_type: str) -> list[str]:
        """The triggers that may be on this event type, but cannot be read."""
        return [name for name, watched in self.unreadable.items() if not watched or matches_type(watched, event_type)]

    def watching(self, event_type: str) -> list[CompiledTrigger]:
        """The triggers on this event type, by id."""
        return [
            compiled for compiled in self.compiled_triggers if matches_type(compiled.trigger.event_type, event_type)
        ]


def read_snapshot(version: int, content: dict[str, Any]) -> Snapshot:
    """Compile the filters of a stored snapshot; they were checked when they were stored."""
    sources = [Source.from_item(item) for item in content["sources"]]
    compiled_triggers, unreadable = [], {}
    for item in sorted(content["triggers"], key=lambda item: str(item["id"])):
        try:
            compiled_triggers.append(compile_trigger(Trigger.from_item(item)))
        except (AuthorError, KeyError, TypeError, AttributeError):
            # Written by a newer version. It must not silence the others, and its events wait for code that reads it.
            unreadable[str(item["id"])] = str(item.get("event_type") or "")
    types = frozenset(compiled.trigger.event_type for compiled in compiled_triggers)
    prefixes = tuple(sorted(event_type for event_type in types if event_type.endswith(".*")))
    by_id = {source.id: source for source in sources}
    return Snapshot(version, by_id, tuple(compiled_triggers), unreadable, types, prefixes, content.get("schemas", {}))


class SnapshotStore(Protocol):
    """Where the registry keeps its snapshot."""

    def newer(self, than: int) -> tuple[int, dict[str, Any]] | None:
        """The stored version and content, or None if it is not newer than `than`."""


class CurrentSnapshot:
    """The snapshot, at most `seconds` behind the store."""

    def __init__(self, store: SnapshotStore, clock: Callable[[], float], seconds: float) -> None:
        self._store, self._clock, self._max_age = store, clock, seconds
        self._snapshot = Snapshot(-1, {}, ())
        self._checked_at = float("-inf")

    def get(self) -> Snapshot:
        """The snapshot; checks the store if the last check is too long ago."""
        now = self._clock()
        if now - self._checked_at >= self._max_age:
            newer = self._store.newer(self._snapshot.version)
            if newer is not None:
                self._snapshot = read_snapshot(*newer)
            self._checked_at = now
        return self._snapshot
