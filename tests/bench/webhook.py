"""The cost of one event at the webhook: calls of AWS, write units, dollars, and our own processor time.

The adapters are the real ones. The clients below them answer at once and count.
"""

import json
import math
import timeit
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any

from botocore.exceptions import ClientError

from aftertrain.aws.ledger import DynamoLedger
from aftertrain.aws.policy_states import DynamoPolicyStates
from aftertrain.aws.redrives import SqsRedrives
from aftertrain.aws.starter import StepFunctionsStarter
from aftertrain.ingest.ports import IngestPorts
from aftertrain.ingest.receive import receive
from aftertrain.ingest.snapshot import read_snapshot
from aftertrain.lambdas import webhook
from aftertrain.model.policy import Concurrency, Policies
from aftertrain.model.source import Source, secret_hash
from aftertrain.model.trigger import PipelineVersion, Trigger

# us-east-1, on demand, November 2026: per million of each.
DOLLARS = {"http request": 1.00, "invocation": 0.20, "write unit": 0.625, "read unit": 0.125, "GB-second": 13.33}
MACHINE = "arn:aws:states:us-east-1:1:stateMachine:p:1"
GIGABYTES = 1769 / 1024
WAIT_SECONDS = 0.010  # what a call of AWS takes is not measured here: ten milliseconds are assumed for each


@dataclass
class Counting:
    """A client of any service. It keeps items, and counts calls and units."""

    calls: list[str] = field(default_factory=list)
    write_units: int = 0
    read_units: float = 0.0
    items: dict[str, Any] = field(default_factory=dict)

    def put_item(self, **given: Any) -> dict[str, Any]:
        self.calls.append("PutItem")
        key = given["Item"]["pk"]["S"]
        self.write_units += _units(given["Item"])
        if key in self.items and "attribute_not_exists" in given.get("ConditionExpression", ""):
            failure = {"Error": {"Code": "ConditionalCheckFailedException"}, "Item": self.items[key]}
            raise ClientError(failure, "PutItem")
        self.items[key] = given["Item"]
        return {}

    def get_item(self, **given: Any) -> dict[str, Any]:
        self.calls.append("GetItem")
        found = self.items.get(given["Key"]["pk"]["S"])
        self.read_units += math.ceil(_size(found or {}) / 4096) or 1
        return {"Item": found} if found else {}

    def update_item(self, **given: Any) -> dict[str, Any]:
        self.calls.append("UpdateItem")
        item = self.items[given["Key"]["pk"]["S"]]
        self.write_units += _units(item)
        self.items[given["Key"]["pk"]["S"]] = item | {"progress": {"S": "done"}}
        return {}

    def start_execution(self, **_given: Any) -> dict[str, Any]:
        self.calls.append("StartExecution")
        return {}

    def send_message(self, **_given: Any) -> dict[str, Any]:
        self.calls.append("SendMessage")
        return {}


def _size(item: dict[str, Any]) -> int:
    return sum(len(name) + len(str(next(iter(value.values())))) for name, value in item.items())


def _units(item: dict[str, Any]) -> int:
    """One unit per KiB written, and as many again for each index that contains the item."""
    indexes = sum(name in item for name in ("due_shard", "kind"))
    return math.ceil(_size(item) / 1024) * (1 + indexes)


def request(event_id: str, event_type: str = "model.added") -> dict[str, Any]:
    """A request as API Gateway passes it on."""
    envelope = {
        "event_type": event_type,
        "event_id": event_id,
        "timestamp": "2026-01-29T12:00:00Z",
        "source": "registry",
        "data": {"model_id": "model_xyz789", "model_name": "Llama-3.2-1B", "model_source": "hugging_face"},
    }
    return {
        "pathParameters": {"source": "registry"},
        "headers": {"authorization": "Bearer s3cret", "content-type": "application/json"},
        "requestContext": {"http": {"method": "POST"}},
        "body": json.dumps(envelope),
    }


class Webhook:
    """The real handler over counting clients, with one plain trigger and one with `concurrency`."""

    def __init__(self) -> None:
        self.client: Any = Counting()
        version = PipelineVersion("p", 1, MACHINE)
        triggers = [
            Trigger("plain", "model.added", version, filter={"model_source": "hugging_face"}),
            Trigger("counted", "model.counted", version, policies=Policies(concurrency=Concurrency(10_000, "queue"))),
        ]
        source = Source("registry", "platform", "bearer", (secret_hash(b"s3cret"),))
        content = {"sources": [source.item()], "triggers": [each.item() for each in triggers]}
        self.snapshot = read_snapshot(1, content)

    def ports(self) -> IngestPorts:
        return IngestPorts(
            DynamoLedger(self.client, "ledger"),
            DynamoPolicyStates(self.client, "ledger", lambda: 1.0),
            StepFunctionsStarter(self.client),
            SqsRedrives(lambda: self.client, "queue"),
            lambda: 1_780_000_000.0,
        )

    def send(self, given: dict[str, Any]) -> None:
        """Receive a request, as the handler does."""
        receive(webhook._request(given), self.snapshot, self.ports())


def counted() -> dict[str, Counting]:
    """The cost of one event, by its fate."""
    cases = {"matches nothing": "model.deleted", "starts": "model.added", "starts, by a slot": "model.counted"}
    found = {}
    for name, event_type in cases.items():
        each = Webhook()
        each.send(request("1", event_type))
        found[name] = each.client
    again = Webhook()
    again.send(request("1"))
    again.client = Counting(items=again.client.items)
    again.send(request("1"))
    return found | {"is a duplicate": again.client}


def dollars(counting: Counting, processor_seconds: float) -> float:
    """The price of a million such events, without their executions."""
    seconds = processor_seconds + WAIT_SECONDS * len(counting.calls)
    return (
        DOLLARS["http request"]
        + DOLLARS["invocation"]
        + DOLLARS["write unit"] * counting.write_units
        + DOLLARS["read unit"] * counting.read_units
        + DOLLARS["GB-second"] * seconds * GIGABYTES
    )


class Silent:
    """A client that answers at once and counts nothing."""

    def put_item(self, **_given: Any) -> dict[str, Any]:
        return {}


def own_time() -> float:
    """Seconds outside of AWS, logs and metrics, for one event that matches nothing."""
    each, requests = Webhook(), cycle([request(str(number), "model.deleted") for number in range(500)])
    each.client = Silent()
    return min(timeit.repeat(lambda: each.send(next(requests)), number=500, repeat=5)) / 500
