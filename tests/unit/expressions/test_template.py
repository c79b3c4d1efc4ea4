"""Templates: the subset of Jinja that is read, and what is refused with its name."""

import pytest

from aftertrain.expressions.template import (
    Compare,
    Literal,
    Logic,
    Not,
    Path,
    Template,
    TemplateError,
    parse_condition,
    parse_template,
)


def test_a_text_without_expressions_is_itself() -> None:
    assert parse_template("plain text\n").text == "plain text\n"


@pytest.mark.parametrize(
    "text", ["{{ event.model_id }}", "{{event.model_id}}", " {{ event.model_id }} ", "{{ event['model_id'] }}"]
)
def test_a_lone_expression_is_found_whatever_blanks_stand_around_it(text: str) -> None:
    assert parse_template(text).lone == Path("event", ("model_id",))


def test_text_and_expressions_keep_their_order() -> None:
    assert parse_template("a {{ params.x }}-{{ steps.s.output.y }}") == Template(
        ("a ", Path("params", ("x",)), "-", Path("steps", ("s", "output", "y")))
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{ 1 }}", Literal(1)),
        ("{{ -1.5 }}", Literal(-1.5)),
        ("{{ 'x' }}", Literal("x")),
        ("{{ true }}", Literal(True)),
        ("{{ none }}", Literal(None)),
        ("{{ event.a >= 2 }}", Compare(">=", Path("event", ("a",)), Literal(2))),
        ("{{ not event.a }}", Not(Path("event", ("a",)))),
        ("{{ event.a and event.b }}", Logic("and", Path("event", ("a",)), Path("event", ("b",)))),
    ],
)
def test_expressions(text: str, expected: object) -> None:
    assert parse_template(text).lone == expected


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("{{ event.a | upper }}", "the filter 'upper'"),
        ("{{ event.a + 1 }}", "add"),
        ("{{ event.a[0] }}", "getitem"),
        ("{{ event.a.strip() }}", "call"),
        ("{% if event.a %}x{% endif %}", "if"),
        ("{% for x in event.a %}{% endfor %}", "for"),
        ("{{ 1 < event.a < 2 }}", "compare"),
        ("{{ event.a in event.b }}", "compare"),
        ("{{ secrets.x }}", "'secrets' is not known here"),
        ("{{ event }}", "'event' alone is no value"),
        ("{{ event.a", "not a template"),
        ("{{ }}", "not a template"),
    ],
)
def test_everything_else_is_refused_by_name(text: str, named: str) -> None:
    with pytest.raises(TemplateError, match=named):
        parse_template(text)


@pytest.mark.parametrize("text", ["params.x == 1", "{{ params.x == 1 }}"])
def test_a_condition_may_stand_bare_or_in_braces(text: str) -> None:
    assert parse_condition(text) == Compare("==", Path("params", ("x",)), Literal(1))


@pytest.mark.parametrize("text", ["{{ params.x }} and {{ params.y }}", "5", "'yes'", ""])
def test_what_is_no_condition_is_refused(text: str) -> None:
    with pytest.raises(TemplateError):
        parse_condition(text)
