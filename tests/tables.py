"""The tables as the stack makes them, in moto or in the emulator."""

from typing import Any


def create_tables(client: Any, ledger: str, registry: str) -> None:
    """Create both, with the ledger's indexes."""
    strings = ("pk", "due_shard", "pipeline_id", "kind", "started_at")
    client.create_table(
        TableName=ledger,
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
        TableName=registry,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
        BillingMode="PAY_PER_REQUEST",
    )


def _index(name: str, key: str, order: str, projection: str) -> dict[str, Any]:
    return {
        "IndexName": name,
        "KeySchema": [{"AttributeName": key, "KeyType": "HASH"}, {"AttributeName": order, "KeyType": "RANGE"}],
        "Projection": {"ProjectionType": projection},
    }
