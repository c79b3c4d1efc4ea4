"""The states of policies on DynamoDB, on moto."""

from typing import Any

import pytest
from botocore.stub import Stubber
from tests.adapters.conftest import LEDGER

from aftertrain.aws.policy_states import DynamoPolicyStates
from aftertrain.errors import BusyError
from aftertrain.ingest.ports import PolicyState


@pytest.fixture
def gates(dynamodb: Any) -> DynamoPolicyStates:
    return DynamoPolicyStates(dynamodb, LEDGER, lambda: 1_000.0)


def test_a_gate_that_nobody_has_changed_is_empty(gates: DynamoPolicyStates) -> None:
    assert gates.get("order#t#k") == PolicyState({}, 0)


def test_a_gate_is_changed_by_who_has_seen_it(gates: DynamoPolicyStates) -> None:
    assert gates.put("g", {"ü": [1.5]}, 0)
    assert gates.put("g", {"n": 2}, 1)

    assert gates.get("g") == PolicyState({"n": 2}, 2)


@pytest.mark.parametrize("revision", [0, 2])
def test_who_has_seen_another_one_changes_nothing(gates: DynamoPolicyStates, revision: int) -> None:
    gates.put("g", {"n": 1}, 0)

    assert not gates.put("g", {"n": 2}, revision)
    assert gates.get("g") == PolicyState({"n": 1}, 1)


@pytest.mark.parametrize("code", ["ValidationException", "ProvisionedThroughputExceededException"])
def test_what_may_not_have_been_written_is_asked_again(dynamodb: Any, gates: DynamoPolicyStates, code: str) -> None:
    with Stubber(dynamodb) as stub:
        stub.add_client_error("put_item", code)
        with pytest.raises(BusyError):
            gates.put("g", {}, 0)
