"""Tigris object notifications, derived from the recorded one in `events/`."""

import copy
import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import urllib3

from aftertrain.errors import OperatorError

RECORDED = "events/tigris/object-created-put.json"


@dataclass(frozen=True, slots=True)
class SentNotification:
    """One POST: the webhook's answer, the time of sending (seconds since 1970) and the duration."""

    answer: dict[str, Any]
    sent_at: float
    seconds: float


def notification(root: Path, bucket: str, key: str, facts: dict[str, Any]) -> dict[str, Any]:
    """The request for one object that was put just now."""
    request: dict[str, Any] = copy.deepcopy(json.loads((root / RECORDED).read_text()))
    (entry,) = request["body"]["events"]
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    entry |= {"bucket": bucket, "eventTime": now, "object": {"key": key, **facts}}
    return request


def deliver(request: dict[str, Any], url: str, token: str) -> SentNotification:
    """POST a request with its Bearer token. Raises: OperatorError if the answer is not 200."""
    headers = {**request["headers"], "authorization": f"Bearer {token}"}
    body = json.dumps(request["body"]).encode()
    sent_at, begun = time.time(), time.perf_counter()
    response = urllib3.request(request["method"], url, body=body, headers=headers, timeout=10.0, retries=False)
    seconds = time.perf_counter() - begun
    if response.status != 200:
        raise OperatorError(f"the webhook answered {response.status}: {response.data.decode(errors='replace')}")
    return SentNotification(json.loads(response.data), sent_at, seconds)
