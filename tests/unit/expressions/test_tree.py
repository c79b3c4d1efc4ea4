"""Conditions without their certain parts."""

import pytest

from aftertrain.expressions.template import parse_condition
from aftertrain.expressions.tree import fold


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 == 2", "false"),
        ("'a' != 'b'", "true"),
        ("1 == '1'", "false"),
        ("1 == 1.0", "true"),
        ("1 == true", "false"),
        ("not true", "false"),
        ("false and event.go", "false"),
        ("true or event.go", "true"),
        ("true and event.go", "event.go"),
        ("false or 1 == 1", "true"),
        ("event.go and false", "event.go and false"),  # event.go may not be there
        ("event.n == 1", "event.n == 1"),
    ],
)
def test_what_is_certain_is_seen(text: str, expected: str) -> None:
    assert fold(parse_condition(text)) == parse_condition(expected)
