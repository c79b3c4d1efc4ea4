"""JSON filters: equality of JSON values at paths of an event."""

from typing import Any

import pytest

from aftertrain.errors import AuthorError
from aftertrain.expressions.pattern import check_pattern, compile_pattern
from aftertrain.model.event import Event

EVENT = Event(
    type="model.added",
    id="evt_1",
    source="budmodel",
    time="2026-01-01T00:00:00Z",
    subject="",
    data={
        "model_source": "hugging_face",
        "auto_deploy": True,
        "size": 1,
        "score": 1.0,
        "nothing": None,
        "labels": {"env": "production"},
        "source": "inner",
    },
)


@pytest.mark.parametrize(
    "pattern",
    [
        {},
        {"model_source": "hugging_face"},
        {"data.model_source": "hugging_face"},
        {"auto_deploy": True},
        {"size": 1},
        {"size": 1.0},
        {"score": 1},
        {"nothing": None},
        {"labels.env": "production"},
        {"event_type": "model.added"},
        {"source": "budmodel"},
        {"data.source": "inner"},
        {"model_source": "hugging_face", "auto_deploy": True},
    ],
)
def test_passes(pattern: dict[str, Any]) -> None:
    assert compile_pattern(pattern).failure(EVENT) is None


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ({"model_source": "url"}, 'model_source is "hugging_face", not "url"'),
        ({"auto_deploy": 1}, "auto_deploy is true, not 1"),
        ({"size": True}, "size is 1, not true"),
        ({"size": "1"}, 'size is 1, not "1"'),
        ({"missing": None}, "the event has no missing"),
        ({"labels.env.deeper": "x"}, "the event has no labels.env.deeper"),
        ({"labels": "production"}, 'labels is {"env": "production"}, not "production"'),
        ({"source": "inner"}, 'source is "budmodel", not "inner"'),
    ],
)
def test_does_not_pass_and_says_why(pattern: dict[str, Any], why: str) -> None:
    assert str(compile_pattern(pattern).failure(EVENT)) == why


BAD: list[dict[str, Any]] = [
    {"": 1},
    {"a..b": 1},
    {"a": []},
    {"a": [[1]]},
    {"a": {"prefix": "x"}},
    {"a": [{"prefix": 1}]},
    {"a": [{"prefix": "x", "suffix": "y"}]},
    {"a": [{"prefx": "x"}]},
    {"a": [{"numeric": [">"]}]},
    {"a": [{"numeric": ["~", 1]}]},
    {"a": [{"numeric": [">", True]}]},
    {"a": [{"exists": "yes"}]},
    {"a": [{"cidr": "10.0.0.0/99"}]},
    {"a": [{"anything-but": []}]},
    {"a": [{"anything-but": {"numeric": [">", 1]}}]},
    {"a": [{"wildcard": "x*" * 300_000}]},
    {"$or": [{"a": 1}]},
    {"a": 1, "data.a": 2},
    {"a": 1, "a.b": 2},
]


@pytest.mark.parametrize("pattern", BAD, ids=lambda pattern: str(pattern)[:40])
def test_what_cannot_be_compared_is_refused(pattern: dict[str, Any]) -> None:
    with pytest.raises(AuthorError, match="filter"):
        compile_pattern(pattern)


RICH = Event(
    "model.added",
    "1",
    "s",
    "2026-01-01T00:00:00Z",
    "final/a.gguf",
    {
        "key": "final/Llama-3/model-00001.safetensors",
        "size": 10,
        "ok": True,
        "ip": "10.1.2.3",
        "tags": ["prod", "gpu"],
        "by": [{"first": "Anna", "last": "Smith"}, {"first": "Bob", "last": "Jones"}],
        "none": None,
        "star": "a*b",
        "empty": [],
    },
)


@pytest.mark.parametrize(
    ("pattern", "holds"),
    [
        ({"key": [{"prefix": "final/"}]}, True),
        ({"key": [{"prefix": "FINAL/"}]}, False),
        ({"key": [{"prefix": {"equals-ignore-case": "FINAL/"}}]}, True),
        ({"key": [{"suffix": ".gguf"}, {"suffix": ".safetensors"}]}, True),
        ({"key": [{"wildcard": "final/*/model-*.safetensors"}]}, True),
        ({"key": [{"wildcard": "final/*.gguf"}]}, False),
        ({"star": [{"wildcard": "a\\*b"}]}, True),
        ({"key": [{"wildcard": "a\\*b"}]}, False),
        ({"key": [{"anything-but": {"prefix": ["tmp/", "checkpoints/"]}}]}, True),
        ({"size": [{"numeric": [">", 9, "<=", 10.0]}]}, True),
        ({"size": [{"numeric": [">", 10]}]}, False),
        ({"ok": [{"numeric": ["=", 1]}]}, False),
        ({"size": [{"anything-but": [1, 2]}]}, True),
        ({"gone": [{"anything-but": 1}]}, False),
        ({"gone": [{"exists": False}]}, True),
        ({"none": [{"exists": True}]}, True),
        ({"none": [None, "x"]}, True),
        ({"gone": [None]}, False),
        ({"ip": [{"cidr": "10.0.0.0/8"}]}, True),
        ({"ip": [{"cidr": "11.0.0.0/8"}]}, False),
        ({"key": [{"cidr": "10.0.0.0/8"}]}, False),
        ({"tags": "gpu"}, True),
        ({"tags": ["cpu", {"prefix": "pro"}]}, True),
        ({"empty": [{"exists": True}]}, False),
        ({"by": {"first": "Anna", "last": "Jones"}}, False),
        ({"by.first": "Anna", "by.last": "Smith"}, True),
        ({"data": {"by": {"first": "Bob"}}, "subject": [{"suffix": ".gguf"}]}, True),
        ({"$or": [{"size": 11}, {"tags": "gpu"}]}, True),
        ({"$or": [{"size": 11}, {"tags": "cpu"}], "ok": True}, False),
        ({"by": {"$or": [{"first": "Carl"}, {"last": "Jones"}]}}, True),
        ({"key": [{"equals-ignore-case": "FINAL/llama-3/MODEL-00001.safetensors"}]}, True),
    ],
    ids=str,
)
def test_the_language_of_patterns(pattern: dict[str, Any], holds: bool) -> None:
    assert (compile_pattern(pattern).failure(RICH) is None) == holds


def test_a_filter_says_what_it_found() -> None:
    why = compile_pattern({"size": [{"numeric": [">", 10]}]}).failure(RICH)
    either = compile_pattern({"$or": [{"size": 11}, {"tags": "cpu"}]}).failure(RICH)

    assert str(why) == 'size is 10, not [{"numeric": [">", 10]}]'
    assert str(either) == 'no alternative of $or holds: size is 10, not 11; tags is ["prod", "gpu"], not "cpu"'


def test_a_filter_that_is_compiled_stays_as_it_was_written() -> None:
    text = {"a": {"b": {"c": 1}}, "a.b.d": 2}
    compiled = compile_pattern(text)

    assert text == {"a": {"b": {"c": 1}}, "a.b.d": 2}
    assert compiled.failure(Event("x.y", "1", "s", "t", "", {"a": {"b": {"c": 1, "d": 2}}})) is None
    assert compiled.failure(Event("x.y", "1", "s", "t", "", {"a": [{"b": {"c": 1}}, {"b": {"d": 2}}]})) is not None


MODEL = Event("x", "1", "s", "t", "k", {"metrics": [{"name": "accuracy", "value": 0.1}, {"name": "f1", "value": 0.95}]})


@pytest.mark.parametrize(("name", "holds"), [("accuracy", False), ("f1", True)])
def test_what_stands_beside_an_alternative_holds_of_the_same_item(name: str, holds: bool) -> None:
    either = [{"metrics.value": [{"numeric": [">=", 0.9]}]}, {"metrics": {"name": "none"}}]

    assert (compile_pattern({"metrics.name": name, "$or": either}).failure(MODEL) is None) is holds


@pytest.mark.parametrize(
    "pattern",
    [
        {"a.b": 2, "a": {"b": 1}},
        {"a": {"b": 1}, "a.b": 2},
        {"a": {"b.c": 1}, "a.b": {"c": 2}},
        {"a": 1, "a.b": 1},
    ],
)
def test_what_would_be_forgotten_is_refused(pattern: dict[str, Any]) -> None:
    with pytest.raises(AuthorError, match=r"is a duplicate|below a path"):
        compile_pattern(pattern)


@pytest.mark.parametrize(
    "pattern", [{"x": {}}, {"x": {"y": {}}}, {"$or": [{"x": 1}, {}]}, {"$or": [{"x": {}}, {"y": 1}]}]
)
def test_what_asks_for_nothing_can_be_read_but_not_be_written(pattern: dict[str, Any]) -> None:
    assert compile_pattern(pattern).failure(RICH) is None
    with pytest.raises(AuthorError, match="has no condition"):
        check_pattern(pattern)


def test_alternatives_in_alternatives_ask_of_the_same_item_too() -> None:
    inner = {"$or": [{"items": {"y": [1]}}, {"items": {"y": [2]}}]}
    pattern = compile_pattern({"items": {"x": [1]}, "$or": [inner, {"z": [1]}]})

    def holds(*items: dict[str, int]) -> bool:
        return pattern.failure(Event("x", "1", "s", "t", "k", {"items": list(items)})) is None

    assert holds({"x": 1, "y": 2})
    assert not holds({"x": 1, "y": 9}, {"x": 3, "y": 1})


def _beside_each_other(levels: int, alternatives: int, name: str) -> dict[str, Any]:
    """Alternatives at every level: below `name` and below other fields."""
    if not levels:
        return {"x": 1}
    either = [{name: {f"y{number}": 1}} for number in range(alternatives)]
    return {"k": _beside_each_other(levels - 1, alternatives, name), "$or": either}


def test_alternatives_cost_no_more_than_what_they_share_with_what_is_beside_them() -> None:
    check_pattern({"data": _beside_each_other(7, 9, "other")})
    check_pattern({"$or": [{"x": number} for number in range(3000)]})
    wide = {"x": {f"n{number}": 1 for number in range(200)}}
    with pytest.raises(AuthorError, match="too many nested alternatives"):
        check_pattern({**wide, "$or": [{"x": {"q": number}} for number in range(100)]})
    with pytest.raises(AuthorError, match="too many nested alternatives"):
        check_pattern({"data": _beside_each_other(7, 9, "k")})


def test_paths_may_be_written_in_parts() -> None:
    event = Event("x", "1", "s", "t", "k", {"a": {"b": {"c": 1, "d": 2}}})

    assert compile_pattern({"a": {"b.c": 1}, "a.b": {"d": 2}}).failure(event) is None
    assert compile_pattern({"a": {"b.c": 1}, "a.b": {"d": 3}}).failure(event) is not None


def test_a_mismatch_shows_text_as_it_is_written() -> None:
    event = Event("x.y", "1", "s", "t", "", {"name": "größer"})

    assert str(compile_pattern({"name": "kleiner"}).failure(event)) == 'name is "größer", not "kleiner"'
