"""Names: equal for equal things, different for different ones."""

import re

import pytest

from aftertrain.model.names import canonical_json, digest, execution_name, is_id, slug


def test_an_execution_has_one_name() -> None:
    assert execution_name("s", "e", "t") == execution_name("s", "e", "t")


def test_source_event_and_trigger_all_count() -> None:
    long = "t" * 40
    names = {
        execution_name("s", "e", f"{long}-one"),
        execution_name("s", "e", f"{long}-two"),
        execution_name("s", "f", f"{long}-one"),
        execution_name("r", "e", f"{long}-one"),
    }

    assert len(names) == 4


@pytest.mark.parametrize("trigger_id", ["t", "t" * 48, "a_b-c"])
def test_a_name_is_one_that_step_functions_takes(trigger_id: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,80}", execution_name("s" * 48, "🚀" * 500, trigger_id))


def test_parts_do_not_run_together() -> None:
    assert digest("ab", "c") != digest("a", "bc") != digest("abc")


def test_equal_values_have_equal_bytes() -> None:
    assert (
        canonical_json({"b": 1, "a": [1.0, "é"]})
        == canonical_json({"a": [1.0, "é"], "b": 1})
        == '{"a":[1.0,"é"],"b":1}'
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Auto-Deploy New Models", "auto-deploy-new-models"), ("  Ünï!  ", "n"), ("🚀", "unnamed"), ("x" * 60, "x" * 48)],
)
def test_a_slug_is_an_id(name: str, expected: str) -> None:
    assert slug(name) == expected
    assert is_id(expected)


@pytest.mark.parametrize("text", ["", "-a", "a-", "A", "a b", "a#b", "a" * 49])
def test_what_is_no_id(text: str) -> None:
    assert not is_id(text)
