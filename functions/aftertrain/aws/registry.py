"""The registry on DynamoDB.

    pk "trigger"            sk "trig-1"      body JSON, revision 3
    pk "version#auto-deploy" sk "00000002"   body JSON, revision 1
    pk "snapshot"           sk "current"     content zlib'd JSON, revision 41
    pk "snapshot"           sk "revision"    revision 41

One item holds the snapshot: a trigger takes about 45 bytes of an item's 400 KB, so there is room for some 8,000. Its
revision stands in an item of its own, because a webhook reads it every few seconds and a read costs the whole item.
"""

import json
import zlib
from typing import Any

from botocore.exceptions import ClientError

from aftertrain.aws.client_errors import THROTTLED, busy_unless_known, error_code
from aftertrain.aws.snapshots import REVISION_KEY, SNAPSHOT_KEY, content_of
from aftertrain.control.ports import Change, Entry, StaleError
from aftertrain.errors import OperatorError, ThrottledError
from aftertrain.model.names import canonical_json

MAX_KEY_BYTES = 1024  # of a sort key in DynamoDB
MAX_SNAPSHOT_BYTES = 380_000
_STALE = "somebody else has just changed it: read it and try again"


class DynamoRegistry:
    """Port `Registry` of control."""

    def __init__(self, client: Any, table: str) -> None:
        self._client, self._table = client, table

    def get(self, kind: str, item_id: str) -> Entry | None:
        if not 0 < len(item_id.encode(errors="replace")) <= MAX_KEY_BYTES:
            return None
        with busy_unless_known(f"reading {kind} {item_id}"):
            response = self._client.get_item(TableName=self._table, Key=_key(kind, item_id), ConsistentRead=True)
        return _entry(response["Item"]) if "Item" in response else None

    def items(self, kind: str) -> list[dict[str, Any]]:
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="pk = :kind",
            ExpressionAttributeValues={":kind": {"S": kind}},
            ConsistentRead=True,
        )
        with busy_unless_known(f"listing {kind}s"):
            return [_entry(item).item for page in pages for item in page["Items"]]

    def snapshot(self) -> Entry:
        with busy_unless_known("reading the snapshot"):
            response = self._client.get_item(TableName=self._table, Key=SNAPSHOT_KEY, ConsistentRead=True)
        if "Item" not in response:
            return Entry({"sources": [], "triggers": []}, 0)
        return Entry(content_of(response["Item"]), int(response["Item"]["revision"]["N"]))

    def commit(self, changes: list[Change], snapshot: Entry | None = None) -> None:
        writes = [self._write(change) for change in changes]
        if snapshot is not None:
            writes.append(self._put(SNAPSHOT_KEY, _pack_snapshot(snapshot), snapshot.revision))
            revision = REVISION_KEY | {"revision": {"N": str(snapshot.revision + 1)}}
            writes.append({"Put": {"TableName": self._table, "Item": revision}})
        with busy_unless_known("writing to the registry"):
            try:
                self._client.transact_write_items(TransactItems=writes)
            except ClientError as error:
                raise _read_refusal(error) from error

    def _write(self, change: Change) -> dict[str, Any]:
        key = _key(change.kind, change.id)
        if change.item is not None:
            return self._put(key, {"body": {"S": canonical_json(change.item)}}, change.revision)
        return {"Delete": {"TableName": self._table, "Key": key, **_revision_condition(change.revision)}}

    def _put(self, key: dict[str, Any], attributes: dict[str, Any], revision: int) -> dict[str, Any]:
        item = key | attributes | {"revision": {"N": str(revision + 1)}}
        return {"Put": {"TableName": self._table, "Item": item, **_revision_condition(revision)}}


def _read_refusal(error: ClientError) -> ClientError | StaleError | ThrottledError | OperatorError:
    """Why a transaction failed; DynamoDB gives a reason for each write, `None` for those that could have been made.

    https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
    """
    if error_code(error) == "TransactionConflictException":
        return StaleError(_STALE)
    if error_code(error) != "TransactionCanceledException":
        return error
    listed = error.response.get("CancellationReasons", ())
    reasons = {reason.get("Code"): reason.get("Message", "") for reason in listed}
    if reasons.keys() & THROTTLED:
        return ThrottledError("the registry is throttled: try again")
    refused = reasons.keys() & {"ValidationError", "ItemCollectionSizeLimitExceeded"}
    if refused:
        return OperatorError(f"the registry refuses the change: {', '.join(reasons[code] for code in refused)}")
    return StaleError(_STALE)


def _key(kind: str, item_id: str) -> dict[str, Any]:
    return {"pk": {"S": kind}, "sk": {"S": item_id}}


def _revision_condition(revision: int) -> dict[str, Any]:
    if revision == 0:
        return {"ConditionExpression": "attribute_not_exists(pk)"}
    return {
        "ConditionExpression": "revision = :expected",
        "ExpressionAttributeValues": {":expected": {"N": str(revision)}},
    }


def _entry(item: dict[str, Any]) -> Entry:
    return Entry(json.loads(item["body"]["S"]), int(item["revision"]["N"]))


def _pack_snapshot(snapshot: Entry) -> dict[str, Any]:
    content = zlib.compress(canonical_json(snapshot.item).encode())
    if len(content) > MAX_SNAPSHOT_BYTES:
        raise OperatorError("the registry has too many sources and triggers for one snapshot: delete unused ones")
    return {"content": {"B": content}}
