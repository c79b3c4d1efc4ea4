"""Which reads a step needs, and what a condition says about the ends of others."""

import pytest

from aftertrain.errors import AuthorError
from aftertrain.expressions.demand import alternatives, demanded_paths
from aftertrain.expressions.known_ends import Facts
from aftertrain.expressions.template import parse_condition, parse_template
from aftertrain.expressions.tree import Arithmetic, Literal, Path

S, F, K = "succeeded", "failed", "skipped"


@pytest.mark.parametrize(
    ("condition", "known"),
    [
        ("steps.a.status == 'succeeded'", {"a": {S}}),
        ("'succeeded' == steps.a.status", {"a": {S}}),
        ("steps.a.status != 'succeeded'", {"a": {F, K}}),
        ("not steps.a.status != 'succeeded'", {"a": {S}}),
        ("steps.a.status in ['succeeded', 'skipped']", {"a": {S, K}}),
        ("steps.a.status not in ['failed', 'skipped']", {"a": {S}}),
        ("steps.a.status != 'failed' and steps.a.status != 'skipped'", {"a": {S}}),
        ("(steps.a.status == 'succeeded') == true", {"a": {S}}),
        ("(steps.a.status == 'succeeded') != true", {"a": {F, K}}),
        ("steps.a.status == 'failed' or steps.a.status == 'skipped'", {"a": {F, K}}),
        ("steps.a.status == 'failed' or event.force", {}),
        ("steps.a.output.x is defined", {"a": {S}}),
        ("steps.a.error is defined", {"a": {F}}),
        ("steps.a.status == 'succeeded' if event.go else steps.a.status == 'skipped'", {"a": {S, K}}),
        ("steps.a.status == 'failed' if event.go else false", {"a": {F}}),
        ("not (steps.a.status == 'failed' or steps.b.status == 'failed')", {"a": {S, K}, "b": {S, K}}),
        ("(steps.a.status == 'failed' or steps.b.status == 'failed') and steps.a.status != 'failed'", {"b": {F}}),
        ("event.x > 1", {}),
    ],
)
def test_a_condition_says_how_steps_may_have_ended(condition: str, known: dict[str, set[str]]) -> None:
    found = Facts().where(parse_condition(condition)).known

    assert found is not None
    assert {step: set(found[step]) for step in known} == known


@pytest.mark.parametrize(
    "condition", ["steps.a.status == 'failed' and steps.a.status == 'succeeded'", "false", "not (event.x or true)"]
)
def test_a_condition_that_never_holds_is_found(condition: str) -> None:
    assert Facts().where(parse_condition(condition)).known is None


@pytest.mark.parametrize(
    ("text", "demanded"),
    [
        ("{{ steps.a.output.x }}", ["a"]),
        ("{{ steps.a.output.x | default(0) }}", []),
        ("{{ steps.a.status }}", []),
        ("{{ steps.a.error }}", ["a"]),
        ("{{ steps.a.output.x if steps.a.status == 'succeeded' else 0 }}", []),
        ("{{ 0 if steps.a.status != 'succeeded' else steps.a.output.x }}", []),
        ("{{ steps.a.output.x if steps.b.status == 'succeeded' else 0 }}", ["a"]),
        ("{% if steps.a.status == 'succeeded' %}{{ steps.a.output.x }}{% endif %}", []),
        ("{% if steps.a.status == 'failed' %}{{ steps.a.error }}{% else %}{{ steps.a.output.x }}{% endif %}", ["a"]),
        ("{% if event.x %}a{% elif steps.a.status == 'succeeded' %}{{ steps.a.output.x }}{% endif %}", []),
        ("{{ steps.a.status == 'succeeded' and steps.a.output.x > 1 }}", []),
        ("{{ steps.a.status != 'succeeded' or steps.a.output.x > 1 }}", []),
        ("{{ steps.a.output.x | default(steps.b.output.x) }}", []),
        ("{{ steps.a.output.x | default(steps.b.output.x | default(steps.c.output.x)) }}", []),
        ("{{ steps.a.output.x | default(steps.b.output.x | upper) }}", ["b"]),
        ("{{ steps.a.output.x is defined }}", []),
        ("{{ event.tags[steps.a.output.n] | default('') }}", ["a"]),
    ],
)
def test_a_guarded_read_demands_nothing(text: str, demanded: list[str]) -> None:
    paths = [path for path in demanded_paths(parse_template(text).parts) if path.root == "steps"]

    assert [path.step for path in paths] == demanded


def test_the_end_of_a_chain_of_defaults_is_one_of_its_steps() -> None:
    text = "{{ steps.a.output.x | default(steps.b.output.x | default(steps.c.output.x)) }}"

    assert list(alternatives(parse_template(text))) == [("a", "b", "c")]
    assert list(alternatives(parse_template("{{ steps.a.output.x | default('') }}"))) == []


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("{{ steps.pull-data.output.result }}", "pull-data"),
        ("{{ steps.a-b-c.output['x'] | upper }}", "a-b-c"),
        ("{% if steps.pull-2.status == 'failed' %}x{% endif %}", "pull-2"),
        ("{{ steps.pull-data.output.n - 1 }}", "pull-data"),
    ],
)
def test_a_step_with_a_hyphen_is_read_as_written(text: str, step: str) -> None:
    template = parse_template(text)
    paths = list(demanded_paths(template.parts)) or [template.parts[0].branches[0][0].left]

    assert paths[0].step == step


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("steps.a-b.output", "steps.a-b.output"),
        ("{{ 'steps.a-b.output' }}", Literal("steps.a-b.output")),
        ("{{ event.a - event.b }}", Arithmetic("-", Path("event", ("a",)), Path("event", ("b",)))),
    ],
)
def test_texts_and_differences_stay(text: str, part: object) -> None:
    assert parse_template(text).parts == (part,)


def test_a_field_with_a_hyphen_says_how_it_is_written() -> None:
    with pytest.raises(AuthorError, match=r"written in brackets: \['x-amz'\]"):
        parse_template("{{ event.x-amz-meta }}")
