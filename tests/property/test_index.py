"""The index finds the same triggers as the interpreter, for all filters and events."""

from itertools import product
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.property.examples import examples
from tests.unit.ingest.samples import trigger

from aftertrain.expressions.budget import Budget
from aftertrain.ingest.compiled_trigger import CompiledTrigger, compile_trigger, find_mismatch
from aftertrain.ingest.index import TriggerIndex, rank
from aftertrain.model.event import Event

# Few and small values, so that they meet; some that only look alike.
TEXTS = st.sampled_from(
    ["", "a", "A", "ab", "final/a", "final/b.gguf", "final/a.gguf", "a*b", "ü", "İ", "1", "true", "10.0.0.1"]
)
SCALARS = st.one_of(TEXTS, st.sampled_from([0, 1, 1.0, -1, 2.5, True, False, None, 10**20]))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["x", "y", "k"]), inner, max_size=3)
    ),
    max_leaves=6,
)
LOOKALIKES = (0, 1, 1.0, 1.5, -1, True, False, "1")
DATA = st.fixed_dictionaries({}, optional={"k": VALUES, "o": VALUES, "key": TEXTS, "size": VALUES})

NUMBERS = st.sampled_from([0, 1, 1.5, -1, 2.5])
NUMERIC = st.one_of(
    st.tuples(st.sampled_from(["<", "<=", "=", ">=", ">"]), NUMBERS).map(list),
    st.tuples(NUMBERS, NUMBERS).map(lambda pair: [">=", pair[0], "<", pair[1]]),
)
# With a beginning, an end, both or neither, and stars that are letters.
WILD = st.builds(
    "".join, st.lists(st.sampled_from(["*", "a", "b", "A", "final/", ".gguf", "\\*", "ü"]), min_size=1, max_size=4)
).filter(lambda text: "**" not in text)
OPERATORS = st.one_of(
    st.builds(lambda text: {"prefix": text}, TEXTS),
    st.builds(lambda text: {"suffix": text}, TEXTS),
    st.builds(lambda text: {"prefix": {"equals-ignore-case": text}}, TEXTS),
    st.builds(lambda text: {"equals-ignore-case": text}, TEXTS),
    st.builds(lambda text: {"wildcard": text}, WILD),
    st.builds(lambda value: {"anything-but": value}, SCALARS),
    st.builds(lambda values: {"anything-but": values}, st.lists(SCALARS, min_size=1, max_size=3)),
    st.builds(
        lambda name, texts: {"anything-but": {name: texts}},
        st.sampled_from(["prefix", "suffix", "equals-ignore-case"]),
        st.one_of(TEXTS.filter(bool), st.lists(TEXTS.filter(bool), min_size=1, max_size=2)),
    ),
    st.builds(lambda text: {"anything-but": {"wildcard": text}}, WILD),
    st.builds(lambda there: {"exists": there}, st.booleans()),
    st.builds(lambda listed: {"numeric": listed}, NUMERIC),
    st.just({"cidr": "10.0.0.0/8"}),
)
ASKED = st.one_of(
    SCALARS,
    NUMERIC.map(lambda listed: [{"numeric": listed}]),
    st.lists(st.one_of(SCALARS, OPERATORS), min_size=1, max_size=3),
)
PATHS = st.sampled_from(["k", "n", "o", "size", "key", "k.x", "k.y", "o.x", "o.x.y", "subject", "data.k.x"])
FILTERS = st.one_of(
    st.builds(
        lambda asked: {"n": asked},
        st.one_of(st.sampled_from(LOOKALIKES), NUMERIC.map(lambda listed: [{"numeric": listed}])),
    ),
    st.dictionaries(st.sampled_from(["k", "n", "size", "key", "o.x", "o.y", "subject"]), ASKED, min_size=1, max_size=3),
    st.builds(lambda path, text: {path: [{"wildcard": text}]}, st.sampled_from(["key", "subject"]), WILD),
    st.builds(lambda x, y: {"k": {"x": x, "y": y}}, ASKED, ASKED),
    st.builds(
        lambda either, beside: {"$or": either, "n": beside},
        st.lists(st.dictionaries(st.sampled_from(["k", "n"]), ASKED, min_size=1, max_size=2), min_size=2, max_size=2),
        ASKED,
    ),
)
WHERES = st.sampled_from(
    [
        None,
        '`key` = "final/a"',
        '`key` IN ("a", "ab")',
        '`key` NOT IN ("a", "ab")',
        '`key` REGEXP "^final/"',
        '`key` REGEXP "^final/.*gguf$"',
        '`key` REGEXP "^fina?l"',
        '`key` REGEXP "^final|a"',
        '`key` REGEXP "a"',
        '`Content-Length` >= 1 AND `key` REGEXP "^a"',
        '`data.k` = "a" AND `data.k` != "b"',
        "`data.k` = 1",
    ]
)


def watch(number: int, where: str | None, pattern: dict[str, Any] | None) -> CompiledTrigger:
    return compile_trigger(trigger(f"t{number}", where=where, filter=pattern))


# Every filter is held against every event, and every event with whatever looks like a number: two million comparisons.
@settings(max_examples=examples(100))
@given(
    st.lists(st.tuples(st.one_of(st.none(), WHERES), st.one_of(st.none(), FILTERS)), min_size=40, max_size=80),
    st.lists(DATA, min_size=20, max_size=40),
)
def test_the_index_fires_what_the_interpreter_fires(filters: list[Any], payloads: list[dict[str, Any]]) -> None:
    compiled_triggers = [watch(number, *each) for number, each in enumerate(filters)]
    index = TriggerIndex(compiled_triggers)
    for data, number in product(payloads, LOOKALIKES):
        told = {**data, "n": number}
        event = Event("object.created", "1", "s", "2026-01-01T00:00:00Z", str(data.get("key", "")), told)

        assert index.fired(event, Budget()).matches == sorted(
            (each for each in compiled_triggers if find_mismatch(event, each) is None), key=rank
        )
