"""Matching one event, its JSON parsed with it, at 1 to 100,000 triggers: the index beside a loop over all triggers.

Triggers are drawn as a platform team's would be: a few event types, a prefix of the key, a size, an environment, and in
one of five a wildcard. The loop is the interpreter that the index is tested against.
"""

import json
import random
import timeit
from collections.abc import Callable, Iterator
from itertools import cycle
from typing import Any

from aftertrain.ingest.match import match
from aftertrain.ingest.snapshot import Snapshot, read_snapshot
from aftertrain.ingest.watch import why_not
from aftertrain.model.event import Event
from aftertrain.model.trigger import PipelineVersion, Trigger

COUNTS = (1, 100, 10_000, 100_000)
TYPES = [f"model.{name}" for name in ("added", "updated", "deleted", "tagged", "promoted", "archived")]
PIPELINE = PipelineVersion("p", 1, "arn:aws:states:us-east-1:1:stateMachine:p:1")
EVENTS = 300


def triggers(count: int, source: random.Random) -> list[Trigger]:
    """Random triggers."""
    return [Trigger(f"t{number}", source.choice(TYPES), PIPELINE, filter=_filter(source)) for number in range(count)]


def _filter(source: random.Random) -> dict[str, Any]:
    team = f"team{source.randrange(200)}/"
    asked: dict[str, Any] = {"key": [{"prefix": team}], "env": source.sample(["dev", "staging", "prod"], 2)}
    if source.random() < 0.2:
        asked["key"] = [{"wildcard": f"{team}*.safetensors"}]
    if source.random() < 0.5:
        asked["size"] = [{"numeric": [">=", source.randrange(0, 10_000, 100)]}]
    return asked


def bodies(source: random.Random) -> list[str]:
    """Events as text."""
    return [
        json.dumps(
            {
                "event_type": source.choice(TYPES),
                "key": f"team{source.randrange(200)}/run{source.randrange(1000)}/model.safetensors",
                "size": source.randrange(10_000),
                "env": source.choice(["dev", "staging", "prod"]),
                "uri": "s3://models/x",
            }
        )
        for _ in range(EVENTS)
    ]


def event(body: str) -> Event:
    """The event of a text."""
    data = json.loads(body)
    return Event(data.pop("event_type"), "1", "s", "2026-01-01T00:00:00Z", data["key"], data)


def matching_times() -> dict[str, dict[int, float]]:
    """Seconds per event, by how it is done and how many triggers there are."""
    found: dict[str, dict[int, float]] = {"index": {}, "loop": {}}
    for count in COUNTS:
        source = random.Random(count)
        items = [trigger.item() for trigger in triggers(count, source)]
        snapshot = read_snapshot(1, {"sources": [], "triggers": items})
        texts = cycle(bodies(source))
        for body in bodies(random.Random(1)):
            match(event(body), snapshot)  # the index is built when the first event of a type comes
        found["index"][count] = _best(match, texts, snapshot, EVENTS)
        found["loop"][count] = _best(loop, texts, snapshot, max(3, min(EVENTS, 20_000 // count)))
    return found


def loop(one: Event, snapshot: Snapshot) -> list[Any]:
    """Every trigger asked."""
    return [watch for watch in snapshot.watching(one.type) if why_not(one, watch) is None]


def _best(find: Callable[[Event, Snapshot], Any], texts: Iterator[str], snapshot: Snapshot, number: int) -> float:
    return min(timeit.repeat(lambda: find(event(next(texts)), snapshot), number=number, repeat=5)) / number
