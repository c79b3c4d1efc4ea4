"""Templates against Jinja itself: our JSONata computes the same text as jinja2, in both JSONata implementations.

Drawn templates are well typed. If jinja2's sandbox with StrictUndefined gives a value, ours must give the same; if it
refuses, ours must refuse. The deliberate differences are listed in docs/reference/templates.md. Each has a test in
`tests/unit/compiler/test_render.py`, and the drawn templates avoid them: numbers with few digits, no arithmetic on
booleans, filters on values of their own kind.
"""

import atexit
import math
from collections.abc import Callable
from functools import cache
from typing import Any

import jsonata
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import StrictUndefined
from jinja2.exceptions import UndefinedError
from jinja2.sandbox import SandboxedEnvironment
from tests.property.examples import examples
from tests.property.reference import NoValueError, Reference

from aftertrain.compiler.render.resolver import Resolver
from aftertrain.compiler.render.template import render_template
from aftertrain.expressions import template
from aftertrain.expressions.template import parse_template

LETTERS = "aAbBzé ,-{%}\"'\\1$`"
WORDS = st.text(LETTERS, max_size=5)
NUMBERS = st.integers(-50, 50) | st.integers(-200, 200).map(lambda quarters: quarters / 4)
OBJECTS = st.fixed_dictionaries({"k": NUMBERS, "s": WORDS, "ok": st.booleans()})
DATA = st.fixed_dictionaries(
    {
        "n": st.integers(-20, 20),
        "f": NUMBERS,
        "s": WORDS,
        "t": st.booleans(),
        "z": st.none(),
        "xs": st.lists(NUMBERS, max_size=4),
        "ss": st.lists(WORDS, max_size=4),
        "objs": st.lists(OBJECTS, max_size=3),
        "o": st.fixed_dictionaries({"a": NUMBERS, "b": WORDS}),
        "lists": st.lists(st.lists(NUMBERS, max_size=2), max_size=3),
    }
)
# To read a template takes far longer than to evaluate it: each is held against several events.
EVENTS = st.lists(DATA, min_size=2, max_size=5)
# Of texts that differ in case only, and of objects with the same key, some are equal.
SORTS = ("sort | ", "sort(reverse=true) | ")
SORTS_BY = tuple(f"sort(attribute='{key}'{more}) | " for key in "ks" for more in ("", ", reverse=true"))
ORDER = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])


def literal(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return "'" + escaped.replace("{", "(").replace("%", "/").replace("}", ")") + "'"


def binary(left: st.SearchStrategy, operators: list[str], right: st.SearchStrategy) -> st.SearchStrategy[str]:
    return st.builds("({} {} {})".format, left, st.sampled_from(operators), right)


# Numbers, texts, truths and arrays of numbers, each made of the others.
number: Any = st.deferred(lambda: NUMBER)
text: Any = st.deferred(lambda: TEXT)
truth: Any = st.deferred(lambda: TRUTH)
array: Any = st.deferred(lambda: ARRAY)
NUMBER: Any = st.one_of(
    st.integers(-9, 9).map(str),
    st.sampled_from(["event.n", "event.f", "event.o.a", "event['n']", "event.objs[0].k", "event.xs[-1]", "event.gone"]),
    st.sampled_from(["event.gone | default(7)", "event.xs[3] | d(0)", "event.xs | length", "event.o | count"]),
    binary(number, ["+", "-", "*"], number),
    binary(number, ["/", "//", "%"], st.sampled_from(["2", "-3", "4", "event.n"])),
    st.builds("({} if {} else {})".format, number, truth, number),
    st.builds("({} | {})".format, number, st.sampled_from(["abs", "round", "int", "float"])),
    st.builds("({} | length)".format, text),
    st.builds("({} | {})".format, array, st.sampled_from(["first", "last", "length"])),
    st.sampled_from(["'12' | int", "'-1.5' | float", "'x' | int(3)", "-event.n"]),
)
TEXT: Any = st.one_of(
    WORDS.map(literal),
    st.sampled_from(["event.s", "event.o.b", "event.objs[0].s", "event.gone | default('')", "event.n | string"]),
    st.builds("({} ~ {})".format, text, text),
    st.builds("({} + {})".format, text, text),
    st.builds("({} | {})".format, text, st.sampled_from(["upper", "lower", "trim", "string", "replace('a', 'bb')"])),
    st.builds("(event.ss | {}join({}))".format, st.sampled_from(["", "unique | ", *SORTS]), WORDS.map(literal)),
    st.builds("({} if {} else {})".format, text, truth, text),
    st.just("(event.objs | map(attribute='s') | join('/'))"),
)
TRUTH: Any = st.one_of(
    st.sampled_from(["true", "False", "event.t", "event.z is none", "event.gone is defined", "event.s is defined"]),
    st.sampled_from(
        ["event.n is even", "event.n is odd", "event.s is string", "event.o is mapping", "event.t is true"]
    ),
    st.builds("({} {} {})".format, number, ORDER, number),
    st.builds("({} {} {})".format, text, ORDER, text),
    binary(truth, ["and", "or"], truth),
    st.builds("(not {})".format, st.one_of(truth, text, array)),
    st.builds("({} in {})".format, number, array),
    st.builds("({} not in event.ss)".format, text),
    st.builds("({} in {})".format, text, text),
    st.builds("('a' in event.o)".format),
)
ARRAY: Any = st.one_of(
    st.just("event.xs"),
    st.builds("[{}, {}]".format, number, number),
    st.sampled_from(["event.xs | sort", "event.xs | sort(reverse=true)", "event.xs | unique | list"]),
    st.just("event.objs | map(attribute='k') | list"),
    st.builds("event.objs | {}map(attribute='k') | list".format, st.sampled_from(SORTS_BY)),
    st.sampled_from(
        ["selectattr('ok')", "rejectattr('ok')", "selectattr('k', 'gt', 0)", "selectattr('s', '==', 'a')"]
    ).map("(event.objs | {} | map(attribute='k') | list)".format),
)
ANY = st.one_of(
    NUMBER, TEXT, TRUTH, ARRAY, st.sampled_from(["event.lists", "event.objs", "event.lists | first", "[event.xs]"])
)


def blocks() -> st.SearchStrategy[str]:
    plain = WORDS.map(lambda word: word.replace("{", "(").replace("%", "/").replace("}", ")"))
    value = st.one_of(TEXT, TRUTH, st.sampled_from(["event.n", "event.f", "event.z", "event.xs | length"])).map(
        "{{{{ {} }}}}".format
    )
    piece: Any = st.deferred(lambda: pieces)
    pieces = st.one_of(
        plain,
        value,
        st.builds("{{% if {} %}}{}{{% else %}}{}{{% endif %}}".format, TRUTH, piece, piece),
        st.builds(
            "{{% for x in event.ss %}}{{{{ loop.index }}}}{{{{ x }}}}{}{{% else %}}none{{% endfor %}}".format, value
        ),
        st.builds(
            "{{% for y in event.objs %}}{{{{ y.s }}}}{{% if not loop.last %}},{{% endif %}}{{% endfor %}}".format
        ),
    )
    return st.lists(pieces, min_size=2, max_size=4).map("".join).map("{}.".format)


def shown(value: Any) -> Any:
    """The text that `{{ }}` writes: JSON's words, and no `.0`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "null"
    return int(value) if isinstance(value, float) and value.is_integer() else value


class Noted(StrictUndefined):
    """Jinja accepts a missing value that nobody looks at, in a list or before `in`. Our templates do not."""

    met = False

    def __init__(self, *arguments: Any, **named: Any) -> None:
        Noted.met = True
        super().__init__(*arguments, **named)


JINJA = SandboxedEnvironment(undefined=Noted, finalize=shown, keep_trailing_newline=True)
NOTHING = object()


Evaluated = Callable[[dict[str, Any]], Any]  # of the data of an event


def by_jinja(text: str, *, lone: bool) -> Evaluated:
    template = JINJA.compile_expression(text, undefined_to_none=False) if lone else JINJA.from_string(text).render

    def evaluated(data: dict[str, Any]) -> Any:
        Noted.met = False
        try:
            value = template(event=data)
        except (UndefinedError, ArithmeticError, TypeError, ValueError):
            return NOTHING
        return NOTHING if isinstance(value, Noted) else value

    return evaluated


def by_python(code: str) -> Evaluated:
    expression = jsonata.Jsonata.jsonata(code)

    def evaluated(data: dict[str, Any]) -> Any:
        expression.assign("states", states(data))
        try:
            return expression.evaluate(None)
        except jsonata.JException:
            return NOTHING

    return evaluated


def by_reference(code: str) -> Evaluated:
    def evaluated(data: dict[str, Any]) -> Any:
        try:
            return reference().evaluate(code, states(data))
        except NoValueError:
            return NOTHING

    return evaluated


@cache
def reference() -> Reference:
    found = Reference()
    atexit.register(found.close)
    return found


def states(data: dict[str, Any]) -> dict[str, Any]:
    return {"context": {"Execution": {"Input": {"event": {"data": data}}}}}


def check_same(text: str, expected: Evaluated, events: list[dict[str, Any]], template: str) -> None:
    value = render_template(parse_template(template), Resolver({}, {})).value
    found: list[Evaluated] = [lambda _: value]
    if isinstance(value, str) and value.startswith("{%"):
        found = [by_python(value[2:-2]), by_reference(value[2:-2])]
    for data in events:
        jinjas, met = expected(data), Noted.met
        for each in found:
            ours = each(data)
            assert same(ours, jinjas) or (ours is NOTHING and met), (text, data)


def same(one: Any, other: Any) -> bool:
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | float) and isinstance(other, int | float):
        return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


@given(
    st.lists(
        st.one_of(
            st.text(LETTERS + "\n{}%#_.", max_size=4),
            st.sampled_from(
                ["{{ event.n }}", "{{params.a_b.c}}", "{{\nsteps.x.output.y }}", "{{ none.x }}", "{{event.1}}"]
            ),
        ),
        max_size=4,
    ).map("".join)
)
def test_what_is_read_without_jinja_is_what_jinja_reads(text: str) -> None:
    """Most texts are read by a pattern of ours."""
    try:
        expected = template._TemplateReader(()).template(text)
    except template.TemplateError:
        expected = None
    found = template._plain_parts(text) if "{" in text else None

    assert found is None or found == expected


@settings(max_examples=examples(450), deadline=None)
@given(ANY, EVENTS)
def test_an_expression_has_jinjas_value(text: str, events: list[dict[str, Any]]) -> None:
    check_same(text, by_jinja(text, lone=True), events, f"{{{{ {text} }}}}")


@settings(max_examples=examples(150), deadline=None)
@given(blocks(), EVENTS)
def test_a_text_is_jinjas_text(text: str, events: list[dict[str, Any]]) -> None:
    check_same(text, by_jinja(text, lone=False), events, text)
