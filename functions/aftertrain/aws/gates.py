"""What policies remember, in the ledger's table.

pk           "gate#concurrency#trig-1#0d9c…"
body         JSON: the policy's state, deflated where it is long
revision     counts the writes: each is conditional on the one before
expires_at   90 days after the last write
"""

import json
import zlib
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from aftertrain.aws.faults import busy_unless_known, code
from aftertrain.aws.record_item import KEEP_SECONDS
from aftertrain.errors import BusyError
from aftertrain.ingest.ports import Gate
from aftertrain.model.names import canonical_json


class DynamoGates:
    """Port `Gates` of ingest."""

    def __init__(self, client: Any, table: str, clock: Callable[[], float]) -> None:
        self._client, self._table, self._clock = client, table, clock

    def get(self, gate: str) -> Gate:
        with busy_unless_known("reading a gate"):
            answer = self._client.get_item(TableName=self._table, Key=_key(gate), ConsistentRead=True)
        if "Item" not in answer:
            return Gate()
        item = answer["Item"]
        return Gate(json.loads(zlib.decompress(item["body"]["B"])), int(item["revision"]["N"]))

    def put(self, gate: str, state: dict[str, Any], revision: int) -> bool:
        item = _key(gate) | {
            "body": {"B": zlib.compress(canonical_json(state).encode(), 1)},
            "revision": {"N": str(revision + 1)},
            "expires_at": {"N": str(int(self._clock()) + KEEP_SECONDS)},
        }
        condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(pk)"}
        if revision:
            values = {":revision": {"N": str(revision)}}
            condition = {"ConditionExpression": "revision = :revision", "ExpressionAttributeValues": values}
        with busy_unless_known("changing a gate"):
            try:
                self._client.put_item(TableName=self._table, Item=item, **condition)
            except ClientError as error:
                if code(error) == "ValidationException":
                    raise BusyError(f"the gate {gate} has grown over the 400 KB of an item") from None
                if code(error) != "ConditionalCheckFailedException":
                    raise
                return False
        return True


def _key(gate: str) -> dict[str, Any]:
    return {"pk": {"S": f"gate#{gate}"}}
