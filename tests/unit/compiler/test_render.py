"""Templates as JSONata, evaluated: values keep their types, texts stay texts, nothing is ever code."""

import json
from typing import Any

import pytest
from sfnx import testing

from aftertrain.compiler.bindings import PLACEHOLDERS
from aftertrain.compiler.compile import compile_pipeline
from aftertrain.compiler.diagnostics import CompileError
from aftertrain.compiler.render.resolver import Resolver
from aftertrain.compiler.render.template import render_value
from aftertrain.expressions.template import parse_template

PARAMETERS = [
    {"name": "given"},
    {"name": "fallback", "default": "two"},
    {"name": "optional", "required": False},
]


def rendered(message: Any, data: dict[str, Any], **params: Any) -> Any:
    """A step's `message` at run time, or the error that ends it."""
    definition = {"parameters": PARAMETERS, "steps": [{"id": "s", "action": "log", "params": {"message": message}}]}
    seen: list[Any] = []

    def task(call: Any) -> Any:
        seen.append(call.arguments["Payload"]["params"]["message"])
        return {"Payload": {}}

    given = {"event": {"event_id": "e1", "source": "s1", "data": data}, "params": params}
    execution = testing.run(json.loads(compile_pipeline(definition, PLACEHOLDERS).asl), given, tasks=task)
    return seen[0] if seen else json.loads(execution.cause or "")["s"]["cause"]


@pytest.mark.parametrize(
    "value", ["text", "", 1, 1.5, 0, True, False, None, [1], [], {"a": {"b": [None]}}, "{% 1 %}", "{{ x }}"]
)
def test_a_lone_expression_keeps_its_value(value: Any) -> None:
    assert rendered("{{ event.v }}", {"v": value}) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [("x", "v=x"), (1, "v=1"), (1.0, "v=1"), (1.5, "v=1.5"), (True, "v=true"), (None, "v=null"), ("", "v=")],
)
def test_in_a_text_a_scalar_is_written_as_json_writes_it(value: Any, text: str) -> None:
    assert rendered("v={{ event.v }}", {"v": value}) == text


@pytest.mark.parametrize(("value", "kind"), [([1], "array"), ({}, "object")])
def test_in_a_text_what_has_no_text_is_an_error_that_names_the_path(value: Any, kind: str) -> None:
    assert f"event.v is an {kind}" in rendered("v={{ event.v }}", {"v": value})


@pytest.mark.parametrize("message", ["{{ event.v }}", "v={{ event.v }}", "{{ event.v ~ 1 }}", "{{ event.v.w }}"])
def test_what_is_not_there_is_an_error_that_names_the_path(message: str) -> None:
    assert "event.v" in rendered(message, {})
    assert "is not there" in rendered(message, {})


@pytest.mark.parametrize(
    "text",
    ['" & $error("x") & "', "{% $states.context %}", "$eval('1')", "\\", '\\"', "a\nb", "100% {%", "%}", "'", "🚀"],
)
def test_neither_what_is_written_nor_what_arrives_becomes_code(text: str) -> None:
    assert rendered("a {{ event.v }}", {"v": text}) == f"a {text}"
    if "{%" not in text:
        assert rendered(f"{text} {{{{ event.v }}}}", {"v": "z"}) == f"{text} z"


def test_a_text_that_looks_like_code_is_a_text() -> None:
    assert rendered("{% raw %}{% $states.context %}{% endraw %}", {}) == "{% $states.context %}"


def test_the_envelope_and_the_data_are_told_apart() -> None:
    data = {"source": "inner", "odd-name": 1, "and": 2}

    assert rendered("{{ event.source }}", data) == "s1"
    assert rendered("{{ event.data.source }}", data) == "inner"
    assert rendered("{{ event['odd-name'] }}", data) == 1
    assert rendered("{{ event['and'] }}", data) == 2


def test_params_have_defaults() -> None:
    assert rendered("{{ params.given }}", {}, given=7) == 7
    assert rendered("{{ params.fallback }}", {}) == "two"
    assert rendered("{{ params.fallback }}", {}, fallback="x") == "x"
    assert rendered("{{ params.optional }}", {}) is None


def test_templates_are_found_in_nested_values() -> None:
    value: Any = {"a": ["x", parse_template("{{ event.v }}"), 3]}

    assert render_value(value, Resolver({}, {})) == {"a": ["x", render_value(value["a"][1], Resolver({}, {})), 3]}


@pytest.mark.parametrize(
    ("condition", "data", "ran"),
    [
        ("event.n >= 3", {"n": 3}, True),
        ("event.n >= 3", {"n": 2}, False),
        ("event.n < 3 and event.s == 'x'", {"n": 1, "s": "x"}, True),
        ("event.n == 1 or event.s != 'x'", {"n": 2, "s": "x"}, False),
        ("not event.b", {"b": False}, True),
        ("event.b", {"b": True}, True),
        ("event.o == event.p", {"o": {"a": [1]}, "p": {"a": [1]}}, True),
        ("event.b == 1", {"b": True}, False),
        ("event.n == 1", {"n": "1"}, False),
        ("{{ event.s > 'a' }}", {"s": "b"}, True),
        ("event.s == '{{'", {"s": "{{"}, True),
        ("event.s == '{%'", {"s": "{"}, False),
        ("{# why #} {#- and -#}\n{{ event.n == 3 }}", {"n": 3}, True),
        ("(event.score | default(1, true)) > 0.9", {"score": 0}, True),
    ],
)
def test_conditions(condition: str, data: dict[str, Any], ran: bool) -> None:
    assert decided(condition, data) == ("ran" if ran else "skipped")


@pytest.mark.parametrize(
    ("condition", "data"),
    [
        ("event.b", {"b": "true"}),
        ("event.b", {}),
        ("event.n > 3", {"n": "4"}),
        ("event.n > 3", {"n": True}),
        ("event.a > event.b", {"a": True, "b": False}),
        ("event.n == 1 and event.b", {"n": 1, "b": 1}),
        ("(event.score | float | default(1, true)) > 0.9", {}),
        ("(event.score | float | default(1, true)) > 0.9", {"score": "n/a"}),
        ("event.name | lower | default('prod', true) == 'prod'", {}),
    ],
)
def test_a_condition_that_cannot_be_decided_fails(condition: str, data: dict[str, Any]) -> None:
    assert decided(condition, data) == "failed"


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ("x{{ event.gone[event.k] | default('-') }}", "x-"),
        ("x{{ event.there[event.k] | default('-') }}", "x1"),
        ("x{{ event.gone[event.k].deep | default('-') }}", "x-"),
        ("x{{ event.gone[event.k] }}", "event.gone[event.k] is not there"),
        ("x{{ event.gone[event.none] | default('-') }}", "event.none is not there"),
        (
            "x{{ '007' | int }} {{ '-007' | int }} {{ '+5' | int }} {{ '0' | int }} {{ '00.50' | float }}",
            "x7 -7 5 0 0.5",
        ),
        ('x{{ "a!b(c)*\'/" | urlencode }}', "xa!b(c)*'%2F"),
        ("x{{ '.5' | float(0) }}{{ '1_000' | int(1) }}", "x01"),
        ("x{{ event.gone.more is defined }}{{ event.yes is number }}", "xfalsefalse"),
        ("x{{ event.k | default(event.gone.x) }}", "xa"),
        ("x{{ event.yes | int(4) }}{{ [1] | int(5) }}", "x45"),
        ("x{{ event.k | replace('', '-') }}", "replace cannot replace an empty text"),
        ("x{{ 5 in event.there }}", "a number cannot be in an object"),
        ("x{{ event.there_are | sort(attribute='k,s') | length }}", "sort takes an array of numbers or of texts"),
        ("x{{ event.rows | map(attribute='007') | join(',') }}", "x8"),
    ],
)
def test_values_and_where_they_differ_from_jinja(message: str, text: str) -> None:
    given = {
        "k": "a",
        "there": {"a": 1},
        "yes": True,
        "there_are": [{"k": 1, "s": 2}, {"k": 1, "s": 1}],
        "rows": [[1, 2, 3, 4, 5, 6, 7, 8]],
    }

    assert rendered(message, given).endswith(text)


@pytest.mark.parametrize(
    ("message", "why"),
    [
        ("{{ 5 | length }}", "length takes a text, an array or an object, but 5 is integer"),
        ("{{ 5 | join }}", "join takes an array, but 5 is integer"),
        ("{{ [1] | int }}", "int takes a number or a text, but the listof is array"),
        ("{{ ('a' is odd) | string }}", 'is odd takes a number, but "a" is string'),
        ("{{ ('a' in 5) | string }}", "`in` searches an array, a text or an object, not integer"),
        ("{{ ('a' < 1) | string }}", '"a" is string and 1 is integer: < compares two numbers or two texts'),
        ("{{ (params.given < 1) | string }}", "params.given is string and 1 is integer: < compares two numbers"),
        ("{{ event.rows | selectattr('k', 'odd') | length | string }}", "selectattr has no test 'odd'"),
        ("{{ 5 | replace('a', 'b') }}", "replace takes a text, but 5 is integer"),
        (f"{{{{ {'1' * 5000} }}}}", "it contains a number with thousands of digits"),
        (f"x{{{{ event.n + {'1' * 400} }}}}", "a number is too large for JSONata"),
    ],
)
def test_what_can_never_work_is_told(message: str, why: str) -> None:
    with pytest.raises(CompileError) as caught:
        rendered(message, {})

    assert why in " ".join(each.message for each in caught.value.diagnostics)


def decided(condition: str, data: dict[str, Any]) -> str:
    """The end of a step with this condition."""
    step = {"id": "s", "action": "log", "condition": condition, "params": {"message": "x"}}
    machine = json.loads(compile_pipeline({"steps": [step]}, PLACEHOLDERS).asl)
    execution = testing.run(machine, {"event": {"data": data}, "params": {}}, tasks=lambda call: {"Payload": {}})
    if execution.error:
        assert json.loads(execution.cause or "")["s"]["error"] == "ConditionFailed"
        return "failed"
    return "ran" if execution.calls else "skipped"
