"""Gates on DynamoDB, as far as moto goes."""

from typing import Any

import pytest
from botocore.stub import Stubber
from tests.adapters.conftest import LEDGER

from aftertrain.aws.gates import DynamoGates
from aftertrain.errors import BusyError
from aftertrain.ingest.ports import Gate


@pytest.fixture
def gates(dynamodb: Any) -> DynamoGates:
    return DynamoGates(dynamodb, LEDGER, lambda: 1_000.0)


def test_a_gate_that_nobody_has_changed_is_empty(gates: DynamoGates) -> None:
    assert gates.get("order#t#k") == Gate({}, 0)


def test_a_gate_is_changed_by_who_has_seen_it(gates: DynamoGates) -> None:
    assert gates.put("g", {"ü": [1.5]}, 0)
    assert gates.put("g", {"n": 2}, 1)

    assert gates.get("g") == Gate({"n": 2}, 2)


@pytest.mark.parametrize("revision", [0, 2])
def test_who_has_seen_another_one_changes_nothing(gates: DynamoGates, revision: int) -> None:
    gates.put("g", {"n": 1}, 0)

    assert not gates.put("g", {"n": 2}, revision)
    assert gates.get("g") == Gate({"n": 1}, 1)


@pytest.mark.parametrize("code", ["ValidationException", "ProvisionedThroughputExceededException"])
def test_what_may_not_have_been_written_is_asked_again(dynamodb: Any, gates: DynamoGates, code: str) -> None:
    with Stubber(dynamodb) as stub:
        stub.add_client_error("put_item", code)
        with pytest.raises(BusyError):
            gates.put("g", {}, 0)
