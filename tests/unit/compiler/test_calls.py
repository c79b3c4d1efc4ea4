"""The params that a step passes to another pipeline are checked against its parameters."""

from dataclasses import replace
from typing import Any

import pytest

from aftertrain.compiler.bindings import PLACEHOLDERS, Callee
from aftertrain.compiler.compile import compile_pipeline
from aftertrain.compiler.diagnostics import CompileError
from aftertrain.model.definition import Parameter

PARAMETERS = (
    Parameter(name="count", type="integer"),
    Parameter(name="name", required=False),
    Parameter(name="options", type="object", default={}),
)
STAGE = replace(PLACEHOLDERS, callee=lambda name: Callee(name, 1, "arn:other:1", PARAMETERS))


def called(**params: Any) -> list[tuple[str, str]]:
    steps = [
        {"id": "e", "action": "set_output", "params": {"outputs": {"x": "{{ event.n }}"}}},
        {"id": "call", "action": "pipeline_run", "params": {"pipeline": "other", "params": params}},
    ]
    try:
        compile_pipeline({"steps": steps}, STAGE)
    except CompileError as error:
        return [(each.code, each.message) for each in error.diagnostics]
    return []


@pytest.mark.parametrize(
    "given",
    [
        {"count": 1},
        {"count": "{{ event.n }}", "name": None, "options": {"a": ["{{ event.n }}"]}},
        {"count": "{{ event.n | int }}", "name": "{{ event.n }}-x"},
    ],
)
def test_what_fits_or_may_fit_is_given(given: dict[str, Any]) -> None:
    assert called(**given) == []


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"count": [1]}, ("AT308", "count takes integer, but this is array")),
        ({"count": "5"}, ("AT308", "count takes integer, but this is string")),
        ({"count": "n{{ event.n }}"}, ("AT308", "count takes integer, but this is string")),
        ({"count": None}, ("AT308", "count takes integer, but this is null")),
        ({"count": 1, "name": {"a": 1}}, ("AT308", "name takes null or string, but this is object")),
        ({"count": 1, "options": "{{ event.n ~ 1 }}"}, ("AT308", "options takes object, but this is string")),
        ({"name": "x"}, ("AT313", "the pipeline 'other' needs the parameter 'count'")),
        ({"count": 1, "cuont": 2}, ("AT313", "the pipeline 'other' has no parameter 'cuont'")),
    ],
)
def test_what_cannot_fit_is_told(given: dict[str, Any], said: tuple[str, str]) -> None:
    assert called(**given) == [said]
