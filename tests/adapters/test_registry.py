"""The registry on DynamoDB: a transaction succeeds as a whole or not at all, and nobody's change is overwritten."""

from typing import Any

import pytest
from tests.adapters.conftest import REGISTRY

from aftertrain.aws.registry import DynamoRegistry
from aftertrain.aws.snapshots import DynamoSnapshots
from aftertrain.control.ports import Change, Entry, StaleError
from aftertrain.errors import OperatorError


@pytest.fixture
def registry(dynamodb: Any) -> DynamoRegistry:
    return DynamoRegistry(dynamodb, REGISTRY)


def test_items_are_written_read_listed_and_deleted(registry: DynamoRegistry) -> None:
    registry.commit([Change("trigger", "b", {"id": "b"}, 0), Change("trigger", "a", {"id": "a"}, 0)])
    registry.commit([Change("trigger", "a", {"id": "a", "x": 1}, 1)])

    assert registry.get("trigger", "a") == Entry({"id": "a", "x": 1}, 2)
    assert registry.items("trigger") == [{"id": "a", "x": 1}, {"id": "b"}]
    registry.commit([Change("trigger", "a", None, 2)])
    assert registry.get("trigger", "a") is None


@pytest.mark.parametrize("revision", [0, 2])
def test_a_change_of_what_has_changed_is_refused(registry: DynamoRegistry, revision: int) -> None:
    registry.commit([Change("trigger", "a", {"id": "a"}, 0)])
    with pytest.raises(StaleError):
        registry.commit([Change("trigger", "a", {"id": "other"}, revision)])

    assert registry.items("trigger") == [{"id": "a"}]


def test_a_commit_is_all_or_nothing(registry: DynamoRegistry) -> None:
    with pytest.raises(StaleError):
        registry.commit([Change("trigger", "new", {"id": "new"}, 0), Change("trigger", "a", {"id": "a"}, 7)])

    assert registry.items("trigger") == []


def test_the_snapshot_is_written_with_the_change_and_over_its_own_revision(registry: DynamoRegistry) -> None:
    empty = registry.snapshot()
    content = {"sources": [{"id": "ü"}], "triggers": []}
    registry.commit([Change("source", "s", {"id": "s"}, 0)], Entry(content, empty.revision))
    assert registry.snapshot() == Entry(content, 1)
    with pytest.raises(StaleError):
        registry.commit([Change("source", "s2", {"id": "s2"}, 0)], Entry({}, empty.revision))
    assert registry.get("source", "s2") is None


def test_a_webhook_sees_only_what_is_newer(dynamodb: Any, registry: DynamoRegistry) -> None:
    snapshots = DynamoSnapshots(dynamodb, REGISTRY)
    assert snapshots.newer(-1) == (0, {"sources": [], "triggers": []})
    assert snapshots.newer(0) is None
    registry.commit([], Entry({"sources": [1], "triggers": []}, 0))
    assert snapshots.newer(0) == (1, {"sources": [1], "triggers": []})
    assert snapshots.newer(1) is None


def test_a_snapshot_that_no_item_can_hold_is_refused(registry: DynamoRegistry) -> None:
    import random

    noise = "".join(random.Random(0).choices("abcdefghijklmnopqrstuvwxyz0123456789", k=900_000))
    with pytest.raises(OperatorError, match="too many sources and triggers"):
        registry.commit([], Entry({"sources": [noise], "triggers": []}, 0))
