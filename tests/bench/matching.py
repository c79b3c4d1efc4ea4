"""Matching one event, including the parsing of its JSON, with 1 to 100,000 triggers: the index against loops.

Triggers are drawn as a platform team would write them: a few event types, a prefix of the key, a size, an environment,
and a wildcard in one of five. One loop is the interpreter that the index is tested against. The other evaluates each
filter as a CEL expression, compiled beforehand by an implementation in Rust. All three must find the same triggers.
"""

import json
import random
import timeit
from collections.abc import Callable, Iterator
from itertools import cycle
from typing import Any

import cel

from aftertrain.ingest.compiled_trigger import find_mismatch
from aftertrain.ingest.match import match
from aftertrain.ingest.snapshot import read_snapshot
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


def in_cel(asked: dict[str, Any]) -> cel.Program:
    """The same filter as a CEL expression. A wildcard becomes its beginning and its end."""
    key = asked["key"][0]
    terms = [f"e.env in {json.dumps(asked['env'])}"]
    if "prefix" in key:
        terms.append(f"e.key.startsWith({json.dumps(key['prefix'])})")
    else:
        before, after = key["wildcard"].split("*")
        terms.append(f"e.key.startsWith({json.dumps(before)}) && e.key.endsWith({json.dumps(after)})")
    terms += [f"e.size >= {numeric['numeric'][1]}" for numeric in asked.get("size", ())]
    return cel.compile(" && ".join(terms))


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


Find = Callable[[Event], list[str]]


def ways(drawn: list[Trigger]) -> dict[str, Find]:
    """The three ways to find the triggers that an event matches."""
    snapshot = read_snapshot(1, {"sources": [], "triggers": [trigger.item() for trigger in drawn]})
    programs: dict[str, list[tuple[str, cel.Program]]] = {kind: [] for kind in TYPES}
    for trigger in drawn:
        programs[trigger.event_type].append((trigger.id, in_cel(trigger.filter or {})))
    return {
        "index": lambda one: [watch.trigger.id for watch in match(one, snapshot)],
        "loop": lambda one: [
            watch.trigger.id for watch in snapshot.watching(one.type) if find_mismatch(one, watch) is None
        ],
        "loop of CEL": lambda one: [id_ for id_, each in programs[one.type] if each.execute({"e": one.data})],
    }


def matching_times() -> dict[str, dict[int, float]]:
    """Seconds per event, by way and number of triggers."""
    times: dict[str, dict[int, float]] = {}
    for count in COUNTS:
        source = random.Random(count)
        finds = ways(triggers(count, source))
        texts = cycle(bodies(source))
        for body in bodies(random.Random(1)):
            finds["index"](event(body))  # the index is built when the first event of a type comes
        agree(finds, [event(next(texts)) for _ in range(3)])
        for name, find in finds.items():
            number = EVENTS if name == "index" else max(3, min(EVENTS, 20_000 // count))
            times.setdefault(name, {})[count] = _best(find, texts, number)
    return times


def agree(finds: dict[str, Find], events: list[Event]) -> None:
    """Raises: AssertionError if the ways do not find the same triggers."""
    for one in events:
        found = {name: sorted(find(one)) for name, find in finds.items()}
        assert len({tuple(ids) for ids in found.values()}) == 1, found


def _best(find: Find, texts: Iterator[str], number: int) -> float:
    return min(timeit.repeat(lambda: find(event(next(texts))), number=number, repeat=5)) / number
