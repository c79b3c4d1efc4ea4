"""The registry's snapshot -> sources and an index of triggers, in memory.

The registry keeps one item with every source and every enabled trigger and writes it anew, in one transaction, with
each change. A webhook reads it when it starts and looks for a newer version at most every few seconds, so no event
costs a read.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from aftertrain.errors import AuthorError
from aftertrain.ingest.index import Index
from aftertrain.ingest.watch import Watch, watch_of
from aftertrain.model.source import Source
from aftertrain.model.trigger import Trigger, matches_type


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that ingest knows about the registry, at one version; `unreadable` triggers are left out of it.

    `types` are those that triggers name, `prefixes` those that end in `.*`; `schemas` are of the data of event types.
    """

    version: int
    sources: dict[str, Source]
    watches: tuple[Watch, ...]
    unreadable: tuple[str, ...] = ()
    types: frozenset[str] = frozenset()
    prefixes: tuple[str, ...] = ()
    schemas: dict[str, dict[str, Any]] = field(default_factory=dict)
    indexes: dict[tuple[str, ...], Index] = field(default_factory=dict, compare=False)

    def index(self, event_type: str) -> Index:
        """The index of the triggers on this event type, built when the first such event comes."""
        # By the types that triggers name, and not by the event's: of those there may be any number.
        wide = tuple([each for each in self.prefixes if matches_type(each, event_type)])
        watched = (event_type, *wide) if event_type in self.types else wide
        found = self.indexes.get(watched)
        if found is None:
            found = self.indexes[watched] = Index(self.watching(event_type))
        return found

    def trigger(self, trigger_id: str) -> Trigger | None:
        """A trigger that is there and enabled."""
        return next((watch.trigger for watch in self.watches if watch.trigger.id == trigger_id), None)

    def watching(self, event_type: str) -> list[Watch]:
        """The triggers on this event type, in the order of their ids."""
        return [watch for watch in self.watches if matches_type(watch.trigger.event_type, event_type)]


def read_snapshot(version: int, content: dict[str, Any]) -> Snapshot:
    """Compile the filters of a stored snapshot; they were checked when they were stored."""
    sources = [Source.from_item(item) for item in content["sources"]]
    watches, unreadable = [], []
    for item in sorted(content["triggers"], key=lambda item: str(item["id"])):
        try:
            watches.append(watch_of(Trigger.from_item(item)))
        except (AuthorError, KeyError, TypeError, AttributeError):
            unreadable.append(str(item["id"]))  # one trigger that a newer version wrote must not silence the others
    named = frozenset(watch.trigger.event_type for watch in watches)
    prefixes = tuple(sorted(each for each in named if each.endswith(".*")))
    by_id = {source.id: source for source in sources}
    return Snapshot(version, by_id, tuple(watches), tuple(unreadable), named, prefixes, content.get("schemas", {}))


class SnapshotStore(Protocol):
    """Where the registry keeps its snapshot."""

    def newer(self, than: int) -> tuple[int, dict[str, Any]] | None:
        """The stored version and content, or None if the stored version is not newer than `than`."""


class CurrentSnapshot:
    """The snapshot, never older than `seconds` behind the store."""

    def __init__(self, store: SnapshotStore, clock: Callable[[], float], seconds: float) -> None:
        self._store, self._clock, self._seconds = store, clock, seconds
        self._snapshot = Snapshot(-1, {}, ())
        self._checked = float("-inf")

    def get(self) -> Snapshot:
        """The snapshot, after a look at the store if the last one is too long ago."""
        now = self._clock()
        if now - self._checked >= self._seconds:
            newer = self._store.newer(self._snapshot.version)
            if newer is not None:
                self._snapshot = read_snapshot(*newer)
            self._checked = now
        return self._snapshot
