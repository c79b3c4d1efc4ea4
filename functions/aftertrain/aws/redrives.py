"""The queue of events that somebody else should finish soon, on SQS."""

import json
import math
from typing import Any

from aftertrain.aws.faults import busy_unless_known
from aftertrain.ingest.key import EventKey


class SqsRedrives:
    """Port `Redrives` of ingest."""

    def __init__(self, client: Any, queue_url: str) -> None:
        self._client, self._queue_url = client, queue_url

    def send(self, key: EventKey, delay: float = 0) -> None:
        with busy_unless_known("queueing an event"):
            body = json.dumps({"source_id": key.source_id, "event_id": key.event_id})
            self._client.send_message(QueueUrl=self._queue_url, MessageBody=body, DelaySeconds=math.ceil(delay))


def read_message(body: str) -> EventKey:
    """The key that `send` wrote."""
    given = json.loads(body)
    return EventKey(given["source_id"], given["event_id"])
