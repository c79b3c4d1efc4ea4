"""moto in the place of AWS, and tables as the stack makes them."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import botocore.session
import pytest
from moto import mock_aws

LEDGER, REGISTRY = "ledger", "registry"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Makes a client of a service."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield _session().create_client


@cache
def _session() -> Any:
    """One session for all tests: a new session reads the services' models again, which takes longer than the tests."""
    return botocore.session.Session()


@pytest.fixture
def dynamodb(aws: Any) -> Any:
    """DynamoDB with the two tables."""
    client = aws("dynamodb")
    strings = ("pk", "due_shard", "pipeline_id", "kind", "started_at")
    client.create_table(
        TableName=LEDGER,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[
            *({"AttributeName": name, "AttributeType": "S"} for name in strings),
            {"AttributeName": "due_at", "AttributeType": "N"},
        ],
        GlobalSecondaryIndexes=[
            _index("due", "due_shard", "due_at", "KEYS_ONLY"),
            _index("by_pipeline", "pipeline_id", "started_at", "ALL"),
            _index("by_time", "kind", "started_at", "ALL"),
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    client.create_table(
        TableName=REGISTRY,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
        BillingMode="PAY_PER_REQUEST",
    )
    return client


def _index(name: str, key: str, order: str, projection: str) -> dict[str, Any]:
    return {
        "IndexName": name,
        "KeySchema": [{"AttributeName": key, "KeyType": "HASH"}, {"AttributeName": order, "KeyType": "RANGE"}],
        "Projection": {"ProjectionType": projection},
    }
