"""Events for each policy, and senders that deliver them as Tigris does: again and again until one answer is 200.

A third of the events is sent twice. Some requests are cut in the middle, and some senders hang up before the answer.
"""

import json
import random
import socket
import time
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from typing import Any

SENDERS = tuple(f"sender{number}" for number in range(6))
TIMEOUT_SECONDS = 10.0
DUPLICATES = 0.3
CUT, HUNG_UP = 0.04, 0.06
# The number of events of each kind; a set has five parts.
COUNTS = {"plain": 380, "heavy": 30, "queue": 100, "skip": 60, "debounce": 100, "sets": 100, "order": 100, "rate": 100}
UNMATCHED, PARTS = 30, 5


@dataclass(frozen=True)
class Sent:
    """One event of one kind: its source, its envelope, and the group that its policy sees."""

    kind: str
    source: str
    group: str
    envelope: dict[str, Any]


def traffic(random_numbers: random.Random) -> list[Sent]:
    """All events, each once, in a random order. Events of one group come from one sender."""
    found = [_sent(kind, number) for kind, count in COUNTS.items() for number in range(count)]
    found += [_sent("nothing", number) for number in range(UNMATCHED)]
    random_numbers.shuffle(found)
    return found


def _sent(kind: str, number: int) -> Sent:
    size = {"sets": PARTS, "order": 10, "debounce": 20}.get(kind, 1)
    group = f"{kind}-{number // size}"
    part = number % size + 1
    envelope = {
        "event_type": f"chaos.{kind}",
        "event_id": f"{kind}-{number}",
        "timestamp": "2026-01-01T00:00:00Z",
        "subject": f"{group}/model-{part}-of-{size}.bin",
        "data": {"group": group, "version": part, "key": f"{group}/{part}"},
    }
    return Sent(kind, SENDERS[number // size % len(SENDERS)], group, envelope)


def deliver(sent: Sent, ports: list[int], seed: int) -> int:
    """Send an event, sometimes twice, until it is acknowledged; returns the number of requests."""
    numbers, requests = random.Random(f"{seed}{sent.envelope['event_id']}"), 0
    for _ in range(2 if numbers.random() < DUPLICATES else 1):
        for attempt in range(200):
            requests += 1
            if _post(sent, numbers.choice(ports), numbers) == 200:
                break
            time.sleep(min(2.0, 0.05 * 2 ** min(attempt, 6)) * numbers.random())
        else:
            raise AssertionError(f"{sent.envelope['event_id']} was never acknowledged")
    return requests


def _post(sent: Sent, port: int, numbers: random.Random) -> int:
    body, path, fate = json.dumps(sent.envelope).encode(), f"/events/{sent.source}", numbers.random()
    try:
        if fate < CUT:
            return _send_half(body, path, port)
        connection = HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
        try:
            connection.request("POST", path, body, {"content-type": "application/json"})
            if fate < CUT + HUNG_UP:
                return 0
            return connection.getresponse().status
        finally:
            connection.close()
    except (OSError, HTTPException):
        return 0


def _send_half(body: bytes, path: str, port: int) -> int:
    head = f"POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}\r\n\r\n".encode()
    with socket.create_connection(("127.0.0.1", port), TIMEOUT_SECONDS) as connection:
        connection.sendall(head + body[: len(body) // 2])
    return 0
