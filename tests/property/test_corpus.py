"""Every mutated request is accepted or refused; nothing else ever happens.

The test makes 100,000 mutations of the sample requests, the same ones in every run: values of other kinds, dropped
and doubled keys, emptied and repeated lists, flipped bits. Filters whose regular expressions explode in Python's own
`re` are matched with every event.
"""

import contextlib
import json
import random
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from tests.ingest_fakes import FakeClock, FakeStarter, ingest_ports
from tests.unit.ingest.samples import PIPELINE

from aftertrain.errors import SenderError
from aftertrain.ingest.receive import receive
from aftertrain.ingest.request import Request
from aftertrain.ingest.snapshot import read_snapshot
from aftertrain.model.policy import Assemble, Concurrency, Debounce, Key, Order, Policies, Rate
from aftertrain.model.source import SOURCE_KINDS, Source
from aftertrain.model.trigger import Trigger

ROOT = Path(__file__).parents[2] / "events"
RECORDED = [json.loads(path.read_text()) for path in sorted(ROOT.glob("*/*.json"))]
STRANGE: list[Any] = [
    None, True, 0, -1, 1e308, 10**30, "", "x" * 2000, "a" * 40 + "!", "\u0000", "🚀", "..", "#", "s3:", "%zz%%", "+",
    [], {}, [[]], {"": 1}, "1970-01-01T00:00:00Z", "9999-99-99", "refs/heads/main", "٣",
]  # fmt: skip
HELD = Policies(
    order=Order(Key(("subject",), "^(.*)/")),
    debounce=Debounce(1.0, 9.0, Key(("data.key", "data.model_name"))),
    rate=Rate(1, 60.0),
    concurrency=Concurrency(1, "replace", Key(("subject",))),
)
TRIGGERS = [
    Trigger("explodes", "object.*", PIPELINE, where='`key` REGEXP "^(a+)+$" AND `key` REGEXP "(.*)*x"'),
    Trigger("deep", "model.*", PIPELINE, filter={"data.tags.x.y": "z"}),
    *(
        Trigger(f"held-{kind}", f"{kind}.*", PIPELINE, params={"id": "{{ event.model_id }}"}, policies=HELD)
        for kind in ("object", "model")
    ),
    Trigger(
        "set", "object.created", PIPELINE, policies=Policies(Assemble(60.0, pattern=r"(?P<part>\d+)-of-(?P<total>\d+)"))
    ),
]
ROUNDS, PARTS = 100_000, 4


def mutated(value: Any, source: random.Random) -> Any:
    """The value with an unexpected change."""
    if source.random() < 0.15 or not isinstance(value, dict | list) or not value:
        return source.choice(STRANGE)
    if isinstance(value, list):
        place = source.randrange(len(value))
        return source.choice([[*value, *value], value[:place], [*value[:place], mutated(value[place], source)]])
    name = source.choice(list(value))
    if source.random() < 0.2:
        return {key: item for key, item in value.items() if key != name}
    return value | {name: mutated(value[name], source)}


def body(given: Any, source: random.Random) -> bytes:
    value = json.loads(given) if isinstance(given, str) else given
    for _ in range(source.randint(0, 3)):
        value = mutated(value, source)
    raw = bytearray(json.dumps(value).encode())
    if source.random() < 0.1 and raw:
        raw[source.randrange(len(raw))] = source.randrange(256)
    return bytes(raw)


def test_a_request_takes_memory_in_proportion_to_its_size() -> None:
    """The events of a body may be several times as large as the body, but not more."""
    source = random.Random(0)
    sources = [Source(kind, kind, "none").item() for kind in SOURCE_KINDS]
    watching = read_snapshot(1, {"sources": sources, "triggers": [each.item() for each in TRIGGERS]})
    tracemalloc.start()
    try:
        for _ in range(1000):
            given = source.choice(RECORDED)
            raw = body(given["body"], source)
            ports = ingest_ports(starter=FakeStarter(), clock=FakeClock(1_780_000_000.0))
            tracemalloc.reset_peak()
            before = tracemalloc.get_traced_memory()[0]
            with contextlib.suppress(SenderError):
                receive(Request(given["source"], given["headers"], raw), watching, ports)
            assert tracemalloc.get_traced_memory()[1] - before < 500_000 + 200 * len(raw), raw
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("part", range(PARTS))
def test_no_request_ends_in_anything_but_an_answer(part: int) -> None:
    source = random.Random(part)
    sources = [Source(kind, kind, "none").item() for kind in SOURCE_KINDS]
    watching = read_snapshot(1, {"sources": sources, "triggers": [each.item() for each in TRIGGERS]})
    taken = refused = 0
    for _ in range(ROUNDS // PARTS):
        given = source.choice(RECORDED)
        headers = {name: value for name, value in given["headers"].items() if source.random() > 0.02}
        ports = ingest_ports(starter=FakeStarter(), clock=FakeClock(1_780_000_000.0))
        try:
            receipt = receive(Request(given["source"], headers, body(given["body"], source)), watching, ports)
        except SenderError as error:
            refused += bool(error.field)
        else:
            taken += receipt.received

    assert taken > ROUNDS // PARTS // 4
    assert refused > ROUNDS // PARTS // 20, "refusals that name no field are not counted"
