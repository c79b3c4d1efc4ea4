"""An event's record <-> its item in the ledger.

pk           "event#tigris-models#4f1c…"
body         JSON: event, verdicts, starts
progress     "received" | "done"
due_shard    "due", only while received: the index that the sweeper reads holds nothing else
due_at       when the sweeper looks at it next, in seconds
expires_at   when DynamoDB may delete it: 90 days, as long as Step Functions keeps an execution's name
"""

import json
from typing import Any

from aftertrain.ingest.match import Verdict
from aftertrain.ingest.record import EventKey, Record, Start
from aftertrain.model.event import Event
from aftertrain.model.names import canonical_json
from aftertrain.model.trigger import PipelineVersion

KEEP_SECONDS = 90 * 24 * 3600
FIRST_LOOK_SECONDS = 60
DUE = "due"

Attributes = dict[str, dict[str, Any]]


def event_pk(key: EventKey) -> str:
    """The ledger's key of an event; a source id holds no `#`, so keys cannot run together."""
    return f"event#{key.source_id}#{key.event_id}"


def to_item(record: Record) -> Attributes:
    """A new record's item."""
    body = {
        "event": record.event.envelope(),
        "verdicts": [verdict.item() for verdict in record.verdicts],
        "starts": [_start_item(start) for start in record.starts],
    }
    item: Attributes = {
        "pk": {"S": event_pk(record.key)},
        "source_id": {"S": record.key.source_id},
        "body": {"S": canonical_json(body)},
        "received_at": {"N": str(record.received_at)},
        "progress": {"S": "done" if record.done else "received"},
        "expires_at": {"N": str(int(record.received_at) + KEEP_SECONDS)},
    }
    if not record.done:
        item |= {"due_shard": {"S": DUE}, "due_at": {"N": str(record.received_at + FIRST_LOOK_SECONDS)}}
    return item


def from_item(item: Attributes) -> Record:
    """The record that an item holds."""
    body = json.loads(item["body"]["S"])
    envelope = body["event"]
    event = Event(
        envelope["event_type"],
        envelope["event_id"],
        envelope["source"],
        envelope["timestamp"],
        envelope["subject"],
        envelope["data"],
        envelope.get("depth", 0),
    )
    return Record(
        key=EventKey(item["source_id"]["S"], event.id),
        event=event,
        received_at=float(item["received_at"]["N"]),
        verdicts=tuple(Verdict(each["trigger_id"], each["matched"], each["reason"]) for each in body["verdicts"]),
        starts=tuple(_start(each) for each in body["starts"]),
        done=item["progress"]["S"] == "done",
        refused=tuple(json.loads(item["refused"]["S"])) if "refused" in item else (),
    )


def _start_item(start: Start) -> dict[str, Any]:
    return {
        "name": start.name,
        "trigger_id": start.trigger_id,
        "pipeline": start.pipeline.item(),
        "params": start.params,
    }


def _start(item: dict[str, Any]) -> Start:
    return Start(item["name"], item["trigger_id"], PipelineVersion.from_item(item["pipeline"]), item["params"])
