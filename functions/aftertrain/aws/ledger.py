"""The ledger of events on DynamoDB. The conditional put in `record` acknowledges an event."""

from collections.abc import Sequence
from typing import Any

from botocore.exceptions import ClientError

from aftertrain.aws.client_errors import busy_unless_known, error_code
from aftertrain.aws.record_item import DUE, event_pk, from_item, key_of, to_item, verdicts_text
from aftertrain.errors import TooLargeError
from aftertrain.ingest.event_key import EventKey
from aftertrain.ingest.event_record import EventRecord
from aftertrain.ingest.verdict import Verdict

MAX_LOOK_SECONDS = 3600
_DUE = "due_shard, due_at, looks"
_CONFLICT = "ConditionalCheckFailedException"


class DynamoLedger:
    """Port `Ledger` of ingest."""

    def __init__(self, client: Any, table: str) -> None:
        self._client, self._table = client, table

    def record(self, record: EventRecord) -> EventRecord | None:
        with busy_unless_known("recording an event"):
            try:
                self._client.put_item(
                    TableName=self._table,
                    Item=to_item(record),
                    ConditionExpression="attribute_not_exists(pk)",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
            except ClientError as error:
                if error_code(error) == "ValidationException":  # over the 400 KB of an item
                    raise TooLargeError(
                        "the event and its executions exceed the size of a ledger item: send less data"
                    ) from None
                if error_code(error) != _CONFLICT:
                    raise
                return from_item(error.response["Item"])
        return None

    def get(self, key: EventKey) -> EventRecord | None:
        with busy_unless_known("reading an event"):
            response = self._client.get_item(TableName=self._table, Key=_key(key), ConsistentRead=True)
        return from_item(response["Item"]) if "Item" in response else None

    def done(self, key: EventKey, verdicts: Sequence[Verdict]) -> None:
        with busy_unless_known("marking an event as done"):
            self._client.update_item(
                TableName=self._table,
                Key=_key(key),
                UpdateExpression=f"SET progress = :done, verdicts = :v REMOVE {_DUE}"
                if verdicts
                else f"SET progress = :done REMOVE {_DUE}, verdicts",
                ExpressionAttributeValues={":done": {"S": "done"}} | _verdicts(verdicts),
            )

    def hold(self, key: EventKey, verdicts: Sequence[Verdict], until: float | None) -> None:
        due = {} if until is None else {":until": {"N": str(until)}}
        with busy_unless_known("holding an event"):
            try:
                self._client.update_item(
                    TableName=self._table,
                    Key=_key(key),
                    UpdateExpression=f"SET verdicts = :v{', due_at = :until' if due else ''}",
                    ConditionExpression="progress = :received",
                    ExpressionAttributeValues={":received": {"S": "received"}} | due | _verdicts(verdicts),
                )
            except ClientError as error:
                if error_code(error) != _CONFLICT:  # another caller has finished it meanwhile
                    raise

    def due(self, now: float, limit: int) -> list[EventKey]:
        with busy_unless_known("looking for events that were left behind"):
            response = self._client.query(
                TableName=self._table,
                IndexName="due",
                KeyConditionExpression="due_shard = :due AND due_at <= :now",
                ExpressionAttributeValues={":due": {"S": DUE}, ":now": {"N": str(now)}},
                Limit=limit,
            )
        return [key_of(item) for item in response["Items"]]

    def postpone(self, key: EventKey, now: float) -> None:
        with busy_unless_known("postponing an event"):
            try:
                response = self._client.update_item(
                    TableName=self._table,
                    Key=_key(key),
                    UpdateExpression="ADD looks :one",
                    ConditionExpression="progress = :received",
                    ExpressionAttributeValues={":one": {"N": "1"}, ":received": {"S": "received"}},
                    ReturnValues="ALL_NEW",
                )
                sweeps = int(response["Attributes"]["looks"]["N"])
                self._client.update_item(
                    TableName=self._table,
                    Key=_key(key),
                    UpdateExpression="SET due_at = :next",
                    ConditionExpression="progress = :received",
                    ExpressionAttributeValues={
                        ":next": {"N": str(now + min(60 * 2 ** min(sweeps - 1, 10), MAX_LOOK_SECONDS))},
                        ":received": {"S": "received"},
                    },
                )
            except ClientError as error:
                if error_code(error) != _CONFLICT:  # it is done already, which is the goal
                    raise


def _key(key: EventKey) -> dict[str, Any]:
    return {"pk": {"S": event_pk(key)}}


def _verdicts(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    return {":v": {"S": verdicts_text(verdicts)}} if verdicts else {}
