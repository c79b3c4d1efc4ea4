"""Templates: the supported subset of Jinja, and the constructs that are refused by name."""

import pytest

from aftertrain.expressions import tree
from aftertrain.expressions.demand import demanded_paths
from aftertrain.expressions.template import TemplateError, parse_condition, parse_template
from aftertrain.expressions.tree import (
    Arithmetic,
    Choose,
    Compare,
    Concat,
    Filter,
    For,
    If,
    Index,
    ListOf,
    Literal,
    Logic,
    Not,
    Path,
    Template,
    paths,
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


A, B = Path("event", ("a",)), Path("event", ("b",))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{ event.a + 1 }}", Arithmetic("+", A, Literal(1))),
        ("{{ -event.a }}", Arithmetic("-", Literal(0), A)),
        ("{{ event.a ~ event.b }}", Concat(A, B)),
        ("{{ event.a in [1, 'x'] }}", Compare("in", A, ListOf((Literal(1), Literal("x"))))),
        ("{{ event.a not in event.b }}", Not(Compare("in", A, B))),
        ("{{ 1 < event.a <= 2 }}", Logic("and", Compare("<", Literal(1), A), Compare("<=", A, Literal(2)))),
        ("{{ event.a if event.b else 0 }}", Choose(B, A, Literal(0))),
        ("{{ event.a | upper }}", Filter("upper", A)),
        ("{{ event.a | d(1) }}", Filter("default", A, (Literal(1), Literal(False)))),
        ("{{ event.a | round(method='ceil') }}", Filter("round", A, (Literal(0), Literal("ceil")))),
        ("{{ event.a is not defined }}", Not(tree.Test("defined", A))),
        ("{{ event.a is undefined }}", Not(tree.Test("defined", A))),
        ("{{ event.a is ge 3 }}", Compare(">=", A, Literal(3))),
        ("{{ event.a[0].b[-1] }}", Path("event", ("a", 0, "b", -1))),
        ("{{ event.a[event.b] }}", Index(A, B)),
        ("{{ (event.a or event.b).c }}", Index(Logic("or", A, B), Literal("c"))),
    ],
)
def test_what_jinja_knows(text: str, expected: object) -> None:
    assert parse_template(text).lone == expected


def test_blocks_are_parts_of_a_text() -> None:
    text = "{% if event.a %}x{% elif event.b %}y{% else %}z{% endif %}{% for n in event.a %}{{ n }}{% endfor %}"

    assert parse_template(text).parts == (
        If(((A, ("x",)), (B, ("y",))), ("z",)),
        For("n", A, (Path("n", ()),), ()),
    )


def test_what_a_loop_names_is_not_read_from_outside() -> None:
    parts = parse_template("{% for n in event.a %}{{ n.x }}{{ loop.index }}{{ event.b }}{% endfor %}").parts

    assert list(paths(parts)) == [A, B]


def test_what_has_a_default_is_not_demanded() -> None:
    parts = parse_template("{{ event.a | default(event.b) }}{% if event.a is defined %}y{% endif %}").parts

    assert list(demanded_paths(parts)) == [B]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("{{ event.a.strip() }}", "methods cannot be called"),
        ("{{ event.a ** 2 }}", "is not supported"),
        ("{{ event.a[1:] }}", "slices cannot be written"),
        ("{{ {'a': 1} }}", "objects cannot be written"),
        ("{{ (1, 2) }}", "tuples cannot be written"),
        ("{{ event.a | uper }}", "unknown filter 'uper'"),
        ("{{ event.a is prime }}", "unknown test 'prime'"),
        ("{{ event.a | round(1, 2, 3) }}", "the filter 'round' takes precision, method"),
        ("{{ event.a | replace('x') }}", "needs new"),
        ("{{ event.a | round(event.b) }}", "needs a literal precision"),
        ("{{ event.a | map('upper') }}", "by name"),
        ("{{ event.a if event.b }}", "needs an `else`"),
        ("{% for a, b in event.a %}{% endfor %}", "a loop takes one name"),
        ("{% for a in event.a if a %}{% endfor %}", "neither `if` nor `recursive`"),
        ("{% for event in event.a %}{% endfor %}", "hides another one"),
        ("{% for n in event.a %}{{ loop.length }}{% endfor %}", "loop has index"),
        ("{% set x = 1 %}", "is not supported"),
        ("{% include 'x' %}", "cannot include"),
        ("{% macro x() %}{% endmacro %}", "macros are not supported"),
        ("{{ secrets.x }}", "unknown name 'secrets'"),
        ("{{ event }}", "'event' alone is not a value"),
        ("{{ event.a", "not a template"),
        ("{{ }}", "not a template"),
        ("{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}", "nested too deep"),
    ],
)
def test_everything_else_is_refused_with_what_to_write(text: str, named: str) -> None:
    with pytest.raises(TemplateError, match=named):
        parse_template(text)


@pytest.mark.parametrize("text", ["params.x == 1", "{{ params.x == 1 }}"])
def test_a_condition_may_stand_bare_or_in_braces(text: str) -> None:
    assert parse_condition(text) == Compare("==", Path("params", ("x",)), Literal(1))


@pytest.mark.parametrize("text", ["{{ params.x }} and {{ params.y }}", "{% if params.x %}y{% endif %}", ""])
def test_what_is_no_condition_is_refused(text: str) -> None:
    with pytest.raises(TemplateError):
        parse_condition(text)
