"""JSON filters: equality of JSON values at paths of an event."""

from typing import Any

import pytest

from aftertrain.errors import AuthorError
from aftertrain.expressions.pattern import compile_pattern
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
    assert compile_pattern(pattern).failure(EVENT) == why


@pytest.mark.parametrize("pattern", [{"": 1}, {"a..b": 1}, {"a": [1]}, {"a": {"b": 1}}])
def test_what_cannot_be_compared_is_refused(pattern: dict[str, Any]) -> None:
    with pytest.raises(AuthorError, match="filter"):
        compile_pattern(pattern)
