"""The registry on DynamoDB: a transaction succeeds as a whole or not at all, and nobody's change is overwritten."""

from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.adapters.conftest import REGISTRY

from aftertrain.aws.registry import DynamoRegistry
from aftertrain.aws.snapshots import REVISION_KEY, DynamoSnapshots
from aftertrain.control.ports import Change, Entry, StaleError
from aftertrain.errors import OperatorError, ThrottledError


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


class Refuses:
    """A client whose transactions are cancelled for these reasons."""

    def __init__(self, *codes: str) -> None:
        self.reasons = [{"Code": code, "Message": f"{code}!"} for code in codes]

    def transact_write_items(self, **_: Any) -> None:
        response = {"Error": {"Code": "TransactionCanceledException"}, "CancellationReasons": self.reasons}
        raise ClientError(response, "TransactWriteItems")


@pytest.mark.parametrize(
    ("codes", "error"),
    [
        (("None", "ConditionalCheckFailed"), StaleError),
        (("TransactionConflict", "None"), StaleError),
        (("ConditionalCheckFailed", "ThrottlingError"), ThrottledError),
        (("None", "ProvisionedThroughputExceeded"), ThrottledError),
        (("ValidationError", "None"), OperatorError),
    ],
)
def test_reasons_of_a_cancelled_transaction_are_told_apart(codes: tuple[str, ...], error: type[Exception]) -> None:
    with pytest.raises(error) as raised:
        DynamoRegistry(Refuses(*codes), REGISTRY).commit([Change("trigger", "a", {"id": "a"}, 0)])

    assert type(raised.value) is error


def test_a_look_at_an_unchanged_snapshot_reads_a_small_item(dynamodb: Any, registry: DynamoRegistry) -> None:
    registry.commit([], Entry({"sources": ["x" * 100_000], "triggers": []}, 0))
    item = dynamodb.get_item(TableName=REGISTRY, Key=REVISION_KEY)["Item"]

    assert item == REVISION_KEY | {"revision": {"N": "1"}}


def test_a_snapshot_from_before_revisions_stood_apart_is_read(dynamodb: Any, registry: DynamoRegistry) -> None:
    registry.commit([], Entry({"sources": [1], "triggers": []}, 0))
    dynamodb.delete_item(TableName=REGISTRY, Key=REVISION_KEY)
    snapshots = DynamoSnapshots(dynamodb, REGISTRY)

    assert snapshots.newer(0) == (1, {"sources": [1], "triggers": []})
    assert snapshots.newer(1) is None
