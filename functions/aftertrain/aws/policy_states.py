"""The states of policies, in the ledger's table.

pk           "policy#concurrency#trig-1#0d9c…"
body         JSON: the policy's state, compressed if it is long
revision     counts the writes: each is conditional on the one before
expires_at   90 days after the last write
"""

import json
import zlib
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from aftertrain.aws.client_errors import busy_unless_known, error_code
from aftertrain.aws.record_item import KEEP_SECONDS
from aftertrain.errors import BusyError
from aftertrain.ingest.ports import PolicyState
from aftertrain.model.names import canonical_json


class DynamoPolicyStates:
    """Port `PolicyStates` of ingest."""

    def __init__(self, client: Any, table: str, clock: Callable[[], float]) -> None:
        self._client, self._table, self._clock = client, table, clock

    def get(self, state_id: str) -> PolicyState:
        with busy_unless_known("reading a policy state"):
            response = self._client.get_item(TableName=self._table, Key=_key(state_id), ConsistentRead=True)
        if "Item" not in response:
            return PolicyState()
        item = response["Item"]
        return PolicyState(json.loads(zlib.decompress(item["body"]["B"])), int(item["revision"]["N"]))

    def put(self, state_id: str, state: dict[str, Any], revision: int) -> bool:
        item = _key(state_id) | {
            "body": {"B": zlib.compress(canonical_json(state).encode(), 1)},
            "revision": {"N": str(revision + 1)},
            "expires_at": {"N": str(int(self._clock()) + KEEP_SECONDS)},
        }
        condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(pk)"}
        if revision:
            values = {":revision": {"N": str(revision)}}
            condition = {"ConditionExpression": "revision = :revision", "ExpressionAttributeValues": values}
        with busy_unless_known("changing a policy state"):
            try:
                self._client.put_item(TableName=self._table, Item=item, **condition)
            except ClientError as error:
                if error_code(error) == "ValidationException":
                    raise BusyError(f"the policy state {state_id} has grown over the 400 KB of an item") from None
                if error_code(error) != "ConditionalCheckFailedException":
                    raise
                return False
        return True


def _key(state_id: str) -> dict[str, Any]:
    return {"pk": {"S": f"policy#{state_id}"}}
