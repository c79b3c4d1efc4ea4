"""The registry's snapshot, as the webhook reads it from DynamoDB.

It is apart from `registry`, because the webhook must not import what the control plane needs.
"""

import json
import zlib
from typing import Any

from aftertrain.aws.client_errors import busy_unless_known

SNAPSHOT_KEY = {"pk": {"S": "snapshot"}, "sk": {"S": "current"}}
REVISION_KEY = {"pk": {"S": "snapshot"}, "sk": {"S": "revision"}}


class DynamoSnapshots:
    """Port `SnapshotStore` of ingest."""

    def __init__(self, client: Any, table: str) -> None:
        self._client, self._table = client, table

    def newer(self, than: int) -> tuple[int, dict[str, Any]] | None:
        with busy_unless_known("reading the snapshot"):
            revision = self._get(REVISION_KEY)
            if revision is not None and int(revision["revision"]["N"]) <= than:
                return None
            item = self._get(SNAPSHOT_KEY)  # also of a stage that has changed nothing since revisions stand apart
        if item is None:
            return None if than >= 0 else (0, {"sources": [], "triggers": []})
        found = int(item["revision"]["N"])
        return None if found <= than else (found, content_of(item))

    def _get(self, key: dict[str, Any]) -> dict[str, Any] | None:
        found = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        item: dict[str, Any] | None = found.get("Item")
        return item


def content_of(item: dict[str, Any]) -> dict[str, Any]:
    """The content of a snapshot's item."""
    content: dict[str, Any] = json.loads(zlib.decompress(item["content"]["B"]))
    return content
