"""The registry's snapshot, as the webhook reads it from DynamoDB.

It is apart from `registry`, because the webhook must not import what the control plane needs.
"""

import json
import zlib
from typing import Any

from aftertrain.aws.client_errors import busy_unless_known

SNAPSHOT_KEY = {"pk": {"S": "snapshot"}, "sk": {"S": "current"}}


class DynamoSnapshots:
    """Port `SnapshotStore` of ingest."""

    def __init__(self, client: Any, table: str) -> None:
        self._client, self._table = client, table

    def newer(self, than: int) -> tuple[int, dict[str, Any]] | None:
        with busy_unless_known("reading the snapshot"):
            # A small, strongly consistent read; the content is fetched only if the revision is newer.
            response = self._client.get_item(
                TableName=self._table, Key=SNAPSHOT_KEY, ConsistentRead=True, ProjectionExpression="revision"
            )
            revision = int(response["Item"]["revision"]["N"]) if "Item" in response else 0
            if revision <= than:
                return None
            if revision == 0:
                return 0, {"sources": [], "triggers": []}
            item = self._client.get_item(TableName=self._table, Key=SNAPSHOT_KEY, ConsistentRead=True)["Item"]
        return int(item["revision"]["N"]), content_of(item)


def content_of(item: dict[str, Any]) -> dict[str, Any]:
    """The content of a snapshot's item."""
    content: dict[str, Any] = json.loads(zlib.decompress(item["content"]["B"]))
    return content
