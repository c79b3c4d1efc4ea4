"""The API's view of events and executions, on the ledger's table.

An execution's item has the pk `execution#<id>`; the indexes `by_pipeline` and `by_time` list them, the newest first.
"""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from botocore.exceptions import ClientError

from aftertrain.aws.client_errors import busy_unless_known, error_code
from aftertrain.aws.record_item import KEEP_SECONDS, event_pk, from_item
from aftertrain.aws.record_item import KIND as EVENT
from aftertrain.control.ports import Page
from aftertrain.ingest.event_key import EventKey
from aftertrain.model.names import canonical_json

KIND = "execution"
MAX_PAGES = 100  # of 1 MB each
MAX_ANSWER = 4_000_000  # characters: a function may answer with 6 MB, in which a quotation mark takes two


class DynamoLedgerView:
    """Port `LedgerView` of control."""

    def __init__(self, client: Any, table: str) -> None:
        self._client, self._table = client, table

    def event(self, source_id: str, event_id: str) -> dict[str, Any] | None:
        item = self._get(event_pk(EventKey(source_id, event_id)))
        return None if item is None else _event(item)

    def events(self, since: str, until: str, limit: int) -> list[dict[str, Any]]:
        if until < since:  # DynamoDB refuses such a range
            return []
        items = self._query_newest(
            limit,
            "listing events",
            IndexName="by_time",
            KeyConditionExpression="kind = :kind AND started_at BETWEEN :since AND :until",
            ExpressionAttributeValues={":kind": {"S": EVENT}, ":since": {"S": since}, ":until": {"S": until}},
        )
        return [_event(item) for item in items]

    def _query_newest(self, limit: int, action: str, **query: Any) -> list[dict[str, Any]]:
        """Up to `limit` items over several pages; fewer if the answer would get too large or a filter is narrow."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table, ScanIndexForward=False, PaginationConfig={"MaxItems": limit}, **query
        )
        with busy_unless_known(action):
            return list(_limit_size(item for page in islice(pages, MAX_PAGES) for item in page["Items"]))

    def all_events(self, since: str, until: str, limit: int) -> Page:
        """A scan of the table: an event that fired nothing is in no index, so that it costs a single write."""
        pages = iter(
            self._client.get_paginator("scan").paginate(
                TableName=self._table,
                FilterExpression="begins_with(pk, :event) AND received_at BETWEEN :since AND :until",
                ExpressionAttributeValues={
                    ":event": {"S": f"{EVENT}#"},
                    ":since": {"N": str(datetime.fromisoformat(since).timestamp())},
                    ":until": {"N": str(datetime.fromisoformat(until).timestamp())},
                },
            )
        )
        with busy_unless_known("reading all events"):
            items = [item for page in islice(pages, MAX_PAGES) for item in page["Items"]]
            exhausted = next(pages, None) is None
        newest = sorted(items, key=lambda item: float(item["received_at"]["N"]), reverse=True)
        shown = list(_limit_size(newest[:limit]))
        return Page([_event(item) for item in shown], exhausted and len(shown) == len(items), exhausted)

    def execution(self, execution_id: str) -> dict[str, Any] | None:
        item = self._get(f"{KIND}#{execution_id}")
        return None if item is None else _body(item)

    def executions(self, pipeline_id: str | None, status: str | None, until: str, limit: int) -> list[dict[str, Any]]:
        index, name, value = ("by_pipeline", "pipeline_id", pipeline_id) if pipeline_id else ("by_time", "kind", KIND)
        status_filter = {"FilterExpression": "run_status = :status"} if status else {}
        items = self._query_newest(
            limit,
            "listing executions",
            IndexName=index,
            KeyConditionExpression="#name = :value AND started_at <= :until",
            ExpressionAttributeNames={"#name": name},
            ExpressionAttributeValues={
                ":value": {"S": value},
                ":until": {"S": until},
                **({":status": {"S": status}} if status else {}),
            },
            **status_filter,
        )
        return [_body(item) for item in items]

    def update(self, execution: dict[str, Any]) -> None:
        item = {
            "pk": {"S": f"{KIND}#{execution['id']}"},
            "kind": {"S": KIND},
            "pipeline_id": {"S": execution["pipeline_id"]},
            "started_at": {"S": execution["started_at"]},
            "run_status": {"S": execution["status"]},
            "redrives": {"N": str(execution["redrives"])},
            "body": {"S": canonical_json(execution)},
            "expires_at": {"N": str(int(datetime.fromisoformat(execution["started_at"]).timestamp()) + KEEP_SECONDS)},
        }
        with busy_unless_known("noting an execution's status"):
            try:
                self._client.put_item(
                    TableName=self._table,
                    Item=item,
                    # Status changes arrive at least once and in any order: a final state stays, until a redrive.
                    ConditionExpression="attribute_not_exists(pk) OR run_status = :running OR redrives < :redrives",
                    ExpressionAttributeValues={":running": {"S": "running"}, ":redrives": item["redrives"]},
                )
            except ClientError as error:
                if error_code(error) != "ConditionalCheckFailedException":
                    raise

    def _get(self, pk: str) -> dict[str, Any] | None:
        with busy_unless_known("reading the ledger"):
            response = self._client.get_item(TableName=self._table, Key={"pk": {"S": pk}}, ConsistentRead=True)
        item: dict[str, Any] | None = response.get("Item")
        return item


def _limit_size(items: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The first item, and the following ones that fit into an answer."""
    size = 0
    for item in items:
        size += sum(len(str(value)) for value in item.values())
        if size > MAX_ANSWER:
            return
        yield item


def _event(item: dict[str, Any]) -> dict[str, Any]:
    record = from_item(item)
    return record.event.envelope() | {
        "source_id": record.key.source_id,
        "record_id": record.key.event_id,
        "received_at": record.received_at,
        "status": "done" if record.done else "received",
        "verdicts": [verdict.item() for verdict in record.all_verdicts],
        "executions": record.executions,
    }


def _body(item: dict[str, Any]) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(item["body"]["S"])
    return body
