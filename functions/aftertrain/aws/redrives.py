"""The queue of unfinished events, on SQS."""

import json
import math
from collections.abc import Callable
from typing import Any

from aftertrain.aws.client_errors import busy_unless_known
from aftertrain.ingest.event_key import EventKey

BATCH = 10  # the most that one call of SQS returns


class SqsRedrives:
    """Port `Redrives` of ingest. The client is built on first use, which is rare."""

    def __init__(self, client: Callable[[], Any], queue_url: str) -> None:
        self._client, self._queue_url = client, queue_url

    def send(self, key: EventKey, delay: float = 0) -> None:
        with busy_unless_known("queueing an event"):
            body = json.dumps({"source_id": key.source_id, "event_id": key.event_id})
            self._client().send_message(QueueUrl=self._queue_url, MessageBody=body, DelaySeconds=math.ceil(delay))


class SqsDeadLetters:
    """Port `DeadLetters` of control."""

    def __init__(self, client: Any, queue_url: str, redrives_url: str) -> None:
        self._client, self._queue_url, self._redrives_url = client, queue_url, redrives_url

    def replay(self, limit: int) -> int:
        moved = 0
        with busy_unless_known("replaying dead letters"):
            while moved < limit:
                response = self._client.receive_message(
                    QueueUrl=self._queue_url, MaxNumberOfMessages=BATCH, WaitTimeSeconds=1
                )
                for message in response.get("Messages", ()):
                    # Send before deleting: an event moved twice is driven twice, and starts once.
                    self._client.send_message(QueueUrl=self._redrives_url, MessageBody=message["Body"])
                    self._client.delete_message(QueueUrl=self._queue_url, ReceiptHandle=message["ReceiptHandle"])
                    moved += 1
                if not response.get("Messages"):
                    break
        return moved


def read_message(body: str) -> EventKey:
    """The key that `send` wrote."""
    message = json.loads(body)
    return EventKey(message["source_id"], message["event_id"])
