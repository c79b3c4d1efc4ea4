"""The registry's snapshot -> sources and an index of triggers, in memory.

The registry keeps one item with every source and every enabled trigger and writes it anew, in one transaction, with
each change. A webhook reads it when it starts and looks for a newer version at most every few seconds, so no event
costs a read.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from aftertrain.errors import AuthorError
from aftertrain.expressions.pattern import Pattern, compile_pattern
from aftertrain.expressions.where import Where, compile_where
from aftertrain.model.source import Source
from aftertrain.model.trigger import Trigger, matches_type


@dataclass(frozen=True, slots=True)
class Watch:
    """A trigger with its filters ready to run."""

    trigger: Trigger
    filters: tuple[Where | Pattern, ...]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that ingest knows about the registry, at one version; `unreadable` triggers are left out of it."""

    version: int
    sources: dict[str, Source]
    watches: tuple[Watch, ...]
    unreadable: tuple[str, ...] = ()

    def watching(self, event_type: str) -> list[Watch]:
        """The triggers on this event type, in the order of their ids."""
        return [watch for watch in self.watches if matches_type(watch.trigger.event_type, event_type)]


def read_snapshot(version: int, content: dict[str, Any]) -> Snapshot:
    """Compile the filters of a stored snapshot; they were checked when they were stored."""
    sources = [Source.from_item(item) for item in content["sources"]]
    watches, unreadable = [], []
    for item in sorted(content["triggers"], key=lambda item: str(item["id"])):
        try:
            watches.append(_watch(Trigger.from_item(item)))
        except (AuthorError, KeyError, TypeError, AttributeError):
            unreadable.append(str(item["id"]))  # one trigger that a newer version wrote must not silence the others
    return Snapshot(version, {source.id: source for source in sources}, tuple(watches), tuple(unreadable))


def _watch(trigger: Trigger) -> Watch:
    matches_type(trigger.event_type, "")
    filters: list[Where | Pattern] = []
    if trigger.where is not None:
        filters.append(compile_where(trigger.where))
    if trigger.filter is not None:
        filters.append(compile_pattern(trigger.filter))
    return Watch(trigger, tuple(filters))


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
