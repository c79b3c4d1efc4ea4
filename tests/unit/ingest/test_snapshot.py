"""The largest age of a webhook's snapshot."""

from typing import Any

from tests.ingest_fakes import FakeClock
from tests.unit.ingest.samples import trigger

from aftertrain.ingest.snapshot import CurrentSnapshot


class Store:
    """Holds one version, and counts the reads."""

    def __init__(self) -> None:
        self.version, self.looks = 1, 0

    def newer(self, than: int) -> tuple[int, dict[str, Any]] | None:
        self.looks += 1
        if self.version <= than:
            return None
        return self.version, {"sources": [], "triggers": [trigger(f"t{self.version}").item()]}


def test_it_looks_once_per_interval_and_sees_a_change_at_the_next_look() -> None:
    store, clock = Store(), FakeClock()
    current = CurrentSnapshot(store, clock, seconds=5)
    assert current.get().version == 1
    store.version = 2
    clock.now += 4.9
    assert current.get().version == 1
    clock.now += 0.1
    assert [watch.trigger.id for watch in current.get().compiled_triggers] == ["t2"]
    assert store.looks == 2


def test_an_unchanged_version_is_not_compiled_again() -> None:
    store, clock = Store(), FakeClock()
    current = CurrentSnapshot(store, clock, seconds=5)
    first = current.get()
    clock.now += 60

    assert current.get() is first
