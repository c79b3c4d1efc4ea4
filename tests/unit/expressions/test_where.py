"""The WHERE grammar: the meaning of each operator, and the position of each mistake."""

import pytest

from aftertrain.expressions.lexer import FilterSyntaxError
from aftertrain.expressions.where import compile_where
from aftertrain.model.event import Event

DATA = {
    "key": "final/model.safetensors",
    "event_name": "OBJECT_CREATED_PUT",
    "size": 1024,
    "content_type": "application/octet-stream",
    "last_modified": "2026-05-15T10:30:00Z",
}


def passes(clause: str, **data: object) -> bool:
    event = Event("object.created", "1", "s", "t", "k", DATA | data)
    return compile_where(clause).failure(event) is None


@pytest.mark.parametrize(
    "clause",
    [
        'WHERE `key` REGEXP "^final/" AND `Event-Type` = "OBJECT_CREATED_PUT"',
        '`key` = "final/model.safetensors"',
        'where KEY regexp "model" and event-type in ("OBJECT_CREATED_PUT", "OBJECT_CREATED_COPY")',
        '`key` != "final/other"',
        '`key` > "final/a" AND `key` < "final/z"',
        "`Content-Length` = 1024 AND `Content-Length` >= 1024 AND `Content-Length` <= 1024.0",
        "`Content-Length` > -1 AND `Content-Length` < 2000",
        "`Content-Length` IN (1, 1024)",
        "`Content-Length` NOT IN (1, 2)",
        '`Content-Type` REGEXP "^application/"',
        '`Last-Modified` > "2026-05-15T12:00:00+02:00"',
        '`Last-Modified` = "2026-05-15T10:30:00.000Z"',
        r'`key` REGEXP "\.safetensors$"',
    ],
)
def test_passes(clause: str) -> None:
    assert passes(clause)


@pytest.mark.parametrize(
    "clause",
    [
        '`key` REGEXP "^checkpoints/"',
        '`key` = "final"',
        '`Event-Type` NOT IN ("OBJECT_CREATED_PUT")',
        "`Content-Length` > 1024",
        '`Last-Modified` < "2026-05-15T10:30:00Z"',
        '`key` REGEXP "^final/" AND `Content-Length` = 1',
    ],
)
def test_does_not_pass(clause: str) -> None:
    assert not passes(clause)


@pytest.mark.parametrize(
    "clause",
    ['`Content-Type` = "x"', '`Content-Type` != "x"', '`Content-Type` NOT IN ("x")', '`Content-Type` REGEXP ".*"'],
)
def test_a_missing_field_is_false_with_every_operator(clause: str) -> None:
    assert not passes(clause, content_type=None)


def test_a_size_that_is_no_number_is_as_good_as_missing() -> None:
    assert not passes("`Content-Length` >= 0", size=True)


def test_an_escaped_quote_is_a_quote() -> None:
    assert passes(r'`key` = "say \"hi\""', key='say "hi"')


def test_regexp_is_linear_in_time() -> None:
    assert not passes('`key` REGEXP "(a+)+$"', key="a" * 5000 + "!")


def test_the_failure_names_the_comparison_and_the_value() -> None:
    event = Event("object.created", "1", "s", "t", "k", DATA)
    failure = compile_where('`Content-Length`   = 1024 AND `key` REGEXP "^x/"').failure(event)

    assert str(failure) == """`key` REGEXP "^x/" is false for 'final/model.safetensors'"""


@pytest.mark.parametrize(
    ("clause", "line", "column", "expected"),
    [
        ("", 1, 1, "expected a field"),
        ("WHERE", 1, 6, "expected a field"),
        ("size > 3", 1, 1, "expected a field"),
        ('`key` LIKE "x"', 1, 7, "expected =, !=, >, <, >=, <=, IN, NOT IN or REGEXP; found LIKE"),
        ('`key` = "a" OR `key` = "b"', 1, 13, "expected AND or the end of the clause; found OR"),
        ('`key` = "a"\nAND `key` == "b"', 2, 12, "expected a string in double quotes"),
        ("`key` = 'a'", 1, 9, "expected a string in double quotes"),
        ('`key` = "a', 1, 9, 'expected the closing "'),
        ("`key = 3", 1, 1, "expected the closing `"),
        ('`key` IN ("a" "b")', 1, 15, "expected , or )"),
        ('`key` IN "a"', 1, 10, "expected ("),
        ('`key` NOT = "a"', 1, 11, "expected IN"),
        ('`key` REGEXP "("', 1, 14, "not a valid RE2 regular expression"),
        ("`key` REGEXP 3", 1, 14, "expected a regular expression in double quotes"),
        ('`Content-Length` REGEXP "1"', 1, 25, "`Content-Length` is not a text"),
        ('`Content-Length` = "1"', 1, 20, "expected a number"),
        ('`Last-Modified` = "yesterday"', 1, 19, "expected a time such as"),
        ("`key` = 3", 1, 9, "expected a string"),
        ('`key` = "a" ;', 1, 13, "found ;"),
    ],
)
def test_a_mistake_is_named_with_line_and_column(clause: str, line: int, column: int, expected: str) -> None:
    with pytest.raises(FilterSyntaxError) as caught:
        compile_where(clause)

    assert (caught.value.line, caught.value.column) == (line, column)
    assert expected in caught.value.message


@pytest.mark.parametrize(
    ("clause", "holds"),
    [
        ("`data.accuracy` >= 0.9", True),
        ("`data.accuracy` IN (0.5, 0.95)", True),
        ('`data.accuracy` = "0.95"', False),
        ('`data.run.name` REGEXP "^exp-" AND `subject` != "other"', True),
        ('`event_type` = "model.added" AND `data.gone` != "x"', False),
        ('`data.run.name` NOT IN ("a", "b")', True),
    ],
)
def test_any_path_of_an_event_may_be_compared(clause: str, holds: bool) -> None:
    data = {"accuracy": 0.95, "run": {"name": "exp-7"}}
    event = Event("model.added", "1", "s", "2026-01-01T00:00:00Z", "ranker", data)

    assert (compile_where(clause).failure(event) is None) == holds


@pytest.mark.parametrize("field", ["`data`", "`data.`", "`Event-Typ`", "`metrics.x`", "subject"])
def test_what_is_no_path_of_an_envelope_is_refused(field: str) -> None:
    with pytest.raises(FilterSyntaxError, match=r"or a path such as `data\.accuracy`"):
        compile_where(f'{field} = "x"')
