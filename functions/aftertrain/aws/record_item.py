"""An event's record <-> its item in the ledger.

pk           "event#tigris-models#4f1c…"
body         JSON: event, starts, and the verdicts known when it arrived
verdicts     JSON: decisions of policies and Step Functions, except plain starts
progress     "received" | "done"
due_shard    "due", only while received: the sweeper's index holds nothing else
due_at       when the sweeper checks it next, in seconds since 1970
kind         "event", and started_at: only if the event fired a trigger, for the index by_time
expires_at   when DynamoDB may delete it: after 90 days, as long as Step Functions keeps an execution's name
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from aftertrain.ingest.event_key import EventKey
from aftertrain.ingest.event_record import EventRecord, Start
from aftertrain.ingest.verdict import Verdict
from aftertrain.model.event import Event
from aftertrain.model.names import canonical_json
from aftertrain.model.policy import Policies
from aftertrain.model.trigger import PipelineVersion

KEEP_SECONDS = 90 * 24 * 3600
FIRST_LOOK_SECONDS = 60
DUE = "due"
KIND = "event"

Attributes = dict[str, dict[str, Any]]


def event_pk(key: EventKey) -> str:
    """The ledger's key of an event; a source id contains no `#`, so keys are unambiguous."""
    return f"event#{key.source_id}#{key.event_id}"


def to_item(record: EventRecord) -> Attributes:
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
    if record.starts:
        stamp = datetime.fromtimestamp(record.received_at, UTC).isoformat(timespec="milliseconds")
        item |= {"kind": {"S": KIND}, "started_at": {"S": stamp}}
    if not record.done:
        item |= {"due_shard": {"S": DUE}, "due_at": {"N": str(record.received_at + FIRST_LOOK_SECONDS)}}
    return item


def from_item(item: Attributes) -> EventRecord:
    """The record in an item."""
    body = json.loads(item["body"]["S"])
    return EventRecord(
        key=key_of(item),
        event=Event.from_envelope(body["event"]),
        received_at=float(item["received_at"]["N"]),
        verdicts=tuple(Verdict.from_item(entry) for entry in [*body["verdicts"], *_later_verdicts(item)]),
        starts=tuple(_start(entry) for entry in body["starts"]),
        done=item["progress"]["S"] == "done",
    )


def key_of(item: Attributes) -> EventKey:
    """The key of an item."""
    _, source_id, event_id = item["pk"]["S"].split("#", 2)
    return EventKey(source_id, event_id)


def verdicts_text(verdicts: Sequence[Verdict]) -> str:
    """The stored form of verdicts."""
    return canonical_json([verdict.item() for verdict in verdicts])


def _later_verdicts(item: Attributes) -> list[dict[str, Any]]:
    verdicts: list[dict[str, Any]] = json.loads(item["verdicts"]["S"]) if "verdicts" in item else []
    return verdicts


def _start_item(start: Start) -> dict[str, Any]:
    return {
        "name": start.name,
        "trigger_id": start.trigger_id,
        "pipeline": start.pipeline.item(),
        "params": dict(start.params),
        **({"policies": policies} if (policies := start.policies.item()) else {}),
        **({"extra_input": dict(start.extra_input)} if start.extra_input else {}),
    }


def _start(item: dict[str, Any]) -> Start:
    policies = Policies.from_item(item.get("policies", {}))
    pipeline = PipelineVersion.from_item(item["pipeline"])
    return Start(item["name"], item["trigger_id"], pipeline, item["params"], policies, item.get("extra_input", {}))
