"""All mistakes of a definition are reported at once, whichever phases find them."""

from copy import deepcopy
from itertools import combinations
from typing import Any

import pytest

from aftertrain.compiler.bindings import PLACEHOLDERS
from aftertrain.compiler.compile import compile_pipeline
from aftertrain.compiler.diagnostics import CompileError

GOOD = {"id": "good", "action": "log", "params": {"message": "m"}}
MAYBE = {"id": "maybe", "action": "log", "on_failure": "continue", "params": {"message": "m"}}
STEP = {"id": "x", "action": "http_request", "params": {"url": "https://example.com/", "body": {}}}

# Mistakes that one step can have beside each other, each by the place where it is written.
MISTAKES: dict[str, tuple[tuple[str, ...], Any]] = {
    "AT102": (("retry",), {"max_attempts": "many"}),
    "AT103": (("dependson",), ["good"]),
    "AT201": (("id",), "good"),
    "AT202": (("foreach",), {"items": ["{{ event.data.n }}"], "as": "params"}),
    "AT203": (("action",), "htp_request"),
    "AT204": (("params", "mehtod"), "GET"),
    "AT205": (("params", "url"), None),
    "AT206": (("params", "timeout_seconds"), "5"),
    "AT208": (("params", "body", "password"), "a-secret-of-mine"),
    "AT210": (("compute",), {"cpu": 1}),
    "AT301": (("depends_on",), ["zz"]),
    "AT303": (("params", "body", "a"), "{{ event.data.n | nope }}"),
    "AT304": (("params", "body", "b"), "{{ steps.zz.output.x }}"),
    "AT305": (("params", "body", "c"), "{{ steps.good.output.mesage }}"),
    "AT306": (("params", "body", "d"), "{{ params.zz }}"),
    "AT307": (("params", "body", "e"), "{{ failure.error }}"),
    "AT308": (("params", "method"), "{{ [1, 2] }}"),
    "AT309": (("params", "body", "f"), "{{ steps.good.output.message - 1 }}"),
    "AT310": (("condition",), "'1'"),
    "AT311": (("params", "body", "g"), "{{ steps.maybe.output.message }}"),
}
OF_THE_ACTION = {"AT204", "AT205", "AT206", "AT210", "AT308"}  # what only who knows the action can see


def codes(*steps: dict[str, Any]) -> list[str]:
    with pytest.raises(CompileError) as caught:
        compile_pipeline({"steps": list(steps)}, PLACEHOLDERS)
    return sorted(each.code for each in caught.value.diagnostics)


def written(step: dict[str, Any], code: str) -> None:
    """Make one mistake in a step. None removes a required key."""
    (*way, name), value = MISTAKES[code]
    owner = step
    for key in way:
        owner = owner[key]
    owner[name] = value
    if value is None:
        del owner[name]


@pytest.mark.parametrize("code", MISTAKES)
def test_a_mistake_is_told_alone(code: str) -> None:
    step = deepcopy(STEP)
    written(step, code)

    assert codes(GOOD, MAYBE, step) == [code]


@pytest.mark.parametrize("pair", list(combinations(MISTAKES, 2)), ids="-".join)
def test_no_mistake_hides_another_one_in_the_same_step(pair: tuple[str, str]) -> None:
    step = deepcopy(STEP)
    for code in pair:
        written(step, code)

    expected = [code for code in pair if "AT203" not in pair or code not in OF_THE_ACTION]
    assert codes(GOOD, MAYBE, step) == sorted(expected)


GOES_ON = {"id": "a", "action": "log", "on_failure": "continue", "params": {"message": "m"}}
FAILS = {"id": "a", "action": "fail", "params": {"message": "m"}}


def says(text: str, **more: Any) -> dict[str, Any]:
    return {"id": "y", "action": "log", "params": {"message": text}, **more}


@pytest.mark.parametrize(
    ("code", "steps"),
    [
        ("AT203", [{"id": "x", "action": "lgo"}, says("{{ steps.x.output.z }}")]),
        ("AT203", [{"id": "x", "action": "lgo", "foreach": {"items": [1]}}, says("{{ steps.x.output[0].z }}")]),
        ("AT304", [says("{{ steps.zz.output.q | default('x') }}")]),
        ("AT304", [STEP | {"params": {"url": "https://x/{{ steps.zz.output.q | upper }}"}}]),
        (
            "AT303",
            [GOES_ON, says("{{ steps.a.output.message }}", condition="steps.a.status == 'succeeded' && event.x")],
        ),
        ("AT102", [GOES_ON, says("{{ steps.a.output.message }}", condition=[])]),
        ("AT102", [FAILS | {"on_failure": "contine"}, says("m", depends_on=["a"])]),
        ("AT102", [{"action": "log", "params": {"message": "m"}}, says("{{ steps.train.output.z }}")]),
        ("AT102", [{"id": "2nd", "action": "log", "params": {"message": "m"}}, says("m", depends_on=["2nd"])]),
        ("AT102", [STEP | {"foreach": {"items": 5}}]),
    ],
)
def test_what_rests_on_a_mistake_is_not_complained_of(code: str, steps: list[dict[str, Any]]) -> None:
    assert codes(*steps) == [code]


@pytest.mark.parametrize(
    "parameter",
    [{"name": "p", "type": "int"}, {"name": "p", "required": "no"}, {"name": 5}, {"type": "string"}, "p", ["p"]],
)
def test_a_parameter_of_a_wrong_shape_hides_nothing_and_may_be_anything(parameter: Any) -> None:
    definition = {
        "parameters": [parameter],
        "steps": [
            says("{{ params.p.a + 1 }}", condition="params.p and steps.nosuch.output.x"),
            {"id": "x", "action": "lgo"},
        ],
        "triggers": [{"event_type": "object.created", "params": {"p": [1]}}],
    }
    with pytest.raises(CompileError) as caught:
        compile_pipeline(definition, PLACEHOLDERS)

    assert sorted(each.code for each in caught.value.diagnostics) == ["AT102", "AT203", "AT304"]


def test_mistakes_in_other_steps_are_told_beside_a_wrong_shape() -> None:
    wrong = {"id": "2nd", "action": "log", "condition": [], "on_failure": "contine", "params": {"message": "m"}}
    fails = {"id": "c", "action": "fail", "params": {"message": "m"}}

    assert codes(wrong, says("{{ steps.zz.output.x }}"), fails) == ["AT102"] * 3 + ["AT304"]


def test_what_is_nested_too_deeply_says_so() -> None:
    condition = " and ".join(["event.x == 1"] * 3000)

    assert codes(says("m", condition=condition)) == ["AT303"]


def test_a_circle_hides_nothing() -> None:
    one = {"id": "one", "action": "log", "params": {"message": "{{ steps.two.output.message ~ params.zz }}"}}
    two = {"id": "two", "action": "log", "depends_on": ["one"], "params": {"message": "{{ steps.good.output.mesage }}"}}
    three = {"id": "three", "action": "log", "depends_on": ["three"], "params": {"message": [1]}}

    assert codes(GOOD, one, two, three) == ["AT206", "AT302", "AT302", "AT305", "AT306"]


def test_a_knot_of_steps_is_told_once() -> None:
    names = [f"s{number}" for number in range(100)]
    steps = [{"id": name, "action": "log", "depends_on": names, "params": {"message": "m"}} for name in names]

    assert codes(*steps) == ["AT302"]


@pytest.mark.parametrize("shape", [{"id": "1x"}, {"id": 5}, {"action": None}, {"params": []}, {"condition": []}])
def test_a_step_of_a_wrong_shape_hides_nothing(shape: dict[str, Any]) -> None:
    wrong = deepcopy(STEP) | shape
    after = {"id": "y", "action": "log", "depends_on": [wrong["id"]], "params": {"message": "{{ params.zz }}"}}
    if not isinstance(wrong["id"], str):
        after |= {"depends_on": []}

    assert codes(wrong, after) == ["AT102", "AT306"]
