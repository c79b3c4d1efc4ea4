"""YAML with the scalars of JSON, and every JSON text."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftertrain.compiler.diagnostics import Mark
from aftertrain.compiler.document import read_document

FINITE = st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text('aü"\\n:-#{}🚀'),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.text("abc", min_size=1), values, max_size=3),
    max_leaves=10,
)


@given(JSON)
def test_every_json_text_is_read_as_json(value: Any) -> None:
    found = read_document(json.dumps(value, ensure_ascii=False))

    assert found.diagnostics == []
    assert found.value == value
    assert repr(found.value) == repr(value)


@pytest.mark.parametrize("text", ["on", "yes", "2026-01-01", "12:30", "010", "0x10", "1_000", ".nan", ".inf", "+1"])
def test_what_json_does_not_have_stays_a_text(text: str) -> None:
    assert read_document(f"a: {text}").value == {"a": text}


@pytest.mark.parametrize(("text", "value"), [("1e5", 1e5), ("-0.5", -0.5), ("~", None), ("", None), ("True", True)])
def test_what_json_has_is_read(text: str, value: Any) -> None:
    assert read_document(f"a: {text}").value == {"a": value}


def test_every_value_has_a_place() -> None:
    document = read_document("a:\n  - b: 1\n    c: x\n")

    assert document.mark(("a", 0, "c")) == Mark(3, 8)
    assert document.mark(("a", 0, "unknown")) == Mark(2, 5)
    assert document.places.keys[("a", 0, "c")] == Mark(3, 5)


def test_an_alias_cannot_grow_without_bounds() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]" for level in range(1, 9)]
    (diagnostic,) = read_document("\n".join(lines)).diagnostics

    assert "more than 20000 values" in diagnostic.message


@pytest.mark.parametrize(
    "text",
    [
        "a: [",
        "a: b: c",
        "\t- x",
        "a: !!python/name:x y",
        "--- a\n--- b",
        "a: \x07",
        "a: !!bool maybe",
        "a: !!timestamp x",
        'a: !!int ""',
        "&a [*a]",
    ],
)
def test_what_is_no_yaml_is_a_diagnostic(text: str) -> None:
    assert read_document(text).diagnostics
