"""Bucket WHERE clause -> predicate over events.

    WHERE `key` REGEXP "^final/" AND `Event-Type` IN ("OBJECT_CREATED_PUT", "OBJECT_CREATED_MULTIPART")

The grammar is Tigris' for object notifications: comparisons joined by AND. Keywords and field names are
case-insensitive. Fields stand bare or in back-ticks. Strings stand in double quotes, in which `\\"` is a quote and any
other backslash is literal, so regular expressions need no doubling. Besides the bucket's fields, any path of an event
may stand in back-ticks: `data.accuracy`, `subject`; it takes the type of the value it is compared with. REGEXP matches
anywhere and is RE2: linear in the key's length, whatever the pattern. A field that an event lacks makes its comparison
false with every operator, like NULL in SQL.
"""

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from typing import Any, Literal, NamedTuple

import re2

from aftertrain.expressions.budget import Budget
from aftertrain.expressions.lexer import FilterSyntaxError, Token, tokenize
from aftertrain.expressions.lookup import MISSING, lookup
from aftertrain.expressions.mismatch import Mismatch
from aftertrain.model.event import ENVELOPE_FIELDS, Event

TEXT_STEP = 1000  # characters that a regular expression reads in about one step's time
FieldType = Literal["text", "number", "time"]
Value = str | float | datetime

# field in the clause -> (path in the event, type)
FIELDS: dict[str, tuple[str, FieldType]] = {
    "key": ("data.key", "text"),
    "event-type": ("data.event_name", "text"),
    "last-modified": ("data.last_modified", "time"),
    "content-type": ("data.content_type", "text"),
    "content-length": ("data.size", "number"),
}
_LITERAL = re.compile(r"\^([A-Za-z0-9/_ -]+)")
SPELLING = {name.lower(): name for name in ("key", "Event-Type", "Last-Modified", "Content-Type", "Content-Length")}

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda found, wanted: bool(found == wanted),
    "!=": lambda found, wanted: bool(found != wanted),
    ">": lambda found, wanted: bool(found > wanted),
    "<": lambda found, wanted: bool(found < wanted),
    ">=": lambda found, wanted: bool(found >= wanted),
    "<=": lambda found, wanted: bool(found <= wanted),
}


class TextLookup(NamedTuple):
    """What an index can look up for a comparison: possible texts, or a prefix of the text.

    `exact`: the comparison asks for nothing else.
    """

    texts: tuple[str, ...] = ()
    prefix: str = ""
    exact: bool = False


class Comparison(NamedTuple):
    """One comparison: its text as written, the path that it reads, and the test of the value found there."""

    text: str
    path: tuple[str, ...]
    type: FieldType
    test: Callable[[Any], bool]
    asks: TextLookup

    def failure(self, event: Event, budget: Budget | None = None) -> Mismatch | None:
        """Why the event does not pass; None if it passes. Raises: OverBudgetError"""
        raw = lookup(event, self.path)
        if budget is not None:
            budget.spend(1 + (len(raw) // TEXT_STEP if isinstance(raw, str) else 0))
        value = _event_value(raw, self.type)
        if value is None:
            actual = None if raw is MISSING else raw
            return Mismatch("where", self.text, actual, f"{self.text}: the event has no such field")
        return None if self.test(value) else Mismatch("where", self.text, raw, f"{self.text} is false for {raw!r}")


class Where(NamedTuple):
    """Comparisons that must all hold."""

    comparisons: tuple[Comparison, ...]

    def failure(self, event: Event, budget: Budget | None = None) -> Mismatch | None:
        """Why the event does not pass; None if it passes. Raises: OverBudgetError"""
        mismatches = (item.failure(event, budget) for item in self.comparisons)
        return next((mismatch for mismatch in mismatches if mismatch is not None), None)


def compile_where(text: str) -> Where:
    """Parse and compile a WHERE clause; the word WHERE itself is optional.

    Raises:
        FilterSyntaxError: with line, column and what was expected there.
    """
    return _Parser(text).clause()


class _Parser:
    """Recursive descent over the tokens; one method a rule of the grammar."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = tokenize(text)
        self.position = 0

    def clause(self) -> Where:
        self._accept("WHERE")
        comparisons = [self._comparison()]
        while self._accept("AND"):
            comparisons.append(self._comparison())
        if self._peek().kind != "end":
            raise self._syntax_error("AND or the end of the clause")
        return Where(tuple(comparisons))

    def _comparison(self) -> Comparison:
        start = self._peek().start
        name = self._field()
        path, kind = FIELDS.get(name.lower()) or (name, self._peek_kind())
        test, asks = self._operator(SPELLING.get(name.lower(), name), kind)
        text = " ".join(self.text[start : self.tokens[self.position - 1].end].split())
        return Comparison(text, tuple(path.split(".")), kind, test, asks)

    def _field(self) -> str:
        token = self._peek()
        is_known = token.kind in ("name", "word") and token.value.lower() in FIELDS
        root, *segments = token.value.split(".")
        is_path = token.kind == "name" and root in ENVELOPE_FIELDS and all(segments) and (root != "data" or segments)
        if not is_known and not is_path:
            fields = ", ".join(f"`{name}`" for name in SPELLING.values())
            raise self._syntax_error(f"a field: {fields}, or a path such as `data.accuracy`")
        self.position += 1
        return token.value

    def _peek_kind(self) -> FieldType:
        """The type of the next value."""
        kinds = (token.kind for token in self.tokens[self.position :] if token.kind in ("string", "number"))
        return "number" if next(kinds, "string") == "number" else "text"

    def _operator(self, field: str, kind: FieldType) -> tuple[Callable[[Any], bool], TextLookup]:
        if self._peek().kind == "operator":
            operator, value = self._take().value, self._value(field, kind)
            return partial(_test_comparison, _COMPARE[operator], value), _asks([value] if operator == "=" else [])
        if self._accept("IN"):
            values = self._values(field, kind)
            return partial(_test_membership, values, True), _asks(values)
        if self._accept("NOT"):
            if not self._accept("IN"):
                raise self._syntax_error("IN")
            return partial(_test_membership, self._values(field, kind), False), TextLookup()
        if self._accept("REGEXP"):
            return self._regexp(field, kind)
        raise self._syntax_error("=, !=, >, <, >=, <=, IN, NOT IN or REGEXP")

    def _regexp(self, field: str, kind: FieldType) -> tuple[Callable[[Any], bool], TextLookup]:
        token = self._peek()
        if kind != "text":
            raise self._error(f"`{field}` is not a text: REGEXP works on `key`, `Event-Type` and `Content-Type`", token)
        if token.kind != "string":
            raise self._syntax_error("a regular expression in double quotes")
        self.position += 1
        options = re2.Options()
        options.log_errors = False
        try:
            pattern = re2.compile(token.value, options)
        except re2.error as error:
            reason = error.args[0].decode() if isinstance(error.args[0], bytes) else error.args[0]
            raise self._error(f"not a valid RE2 regular expression: {reason}", token) from None
        return partial(_test_regexp, pattern), _required_prefix(token.value)

    def _values(self, field: str, kind: FieldType) -> frozenset[Value]:
        if not self._accept("("):
            raise self._syntax_error("(")
        values = [self._value(field, kind)]
        while self._accept(","):
            values.append(self._value(field, kind))
        if not self._accept(")"):
            raise self._syntax_error(", or )")
        return frozenset(values)

    def _value(self, field: str, kind: FieldType) -> Value:
        token = self._peek()
        if kind == "number" and token.kind == "number":
            return float(self._take().value)
        if kind == "text" and token.kind == "string":
            return self._take().value
        if kind == "time" and token.kind == "string" and (time := _time(token.value)):
            self.position += 1
            return time
        descriptions = {
            "number": "a number",
            "text": "a string in double quotes",
            "time": 'a time such as "2026-01-31T00:00:00Z"',
        }
        raise self._syntax_error(f"{descriptions[kind]}, as `{field}` is compared with")

    def _peek(self) -> Token:
        return self.tokens[self.position]

    def _take(self) -> Token:
        self.position += 1
        return self.tokens[self.position - 1]

    def _accept(self, text: str) -> bool:
        token = self._peek()
        accepted = token.kind in ("word", "punctuation") and token.value.upper() == text
        self.position += accepted
        return accepted

    def _syntax_error(self, expected: str) -> FilterSyntaxError:
        token = self._peek()
        excerpt = "the clause ends" if token.kind == "end" else f"found {self.text[token.start : token.end]}"
        return self._error(f"expected {expected}; {excerpt}", token)

    def _error(self, message: str, token: Token) -> FilterSyntaxError:
        return FilterSyntaxError(message, self.text, token.start)


def _event_value(raw: Any, kind: FieldType) -> Value | None:
    match kind:
        case "text":
            return raw if isinstance(raw, str) else None
        case "number":
            return raw if isinstance(raw, int | float) and not isinstance(raw, bool) else None
        case "time":
            return _time(raw) if isinstance(raw, str) else None


def _asks(values: Iterable[Value]) -> TextLookup:
    texts = tuple(value for value in values if isinstance(value, str))
    return TextLookup(texts, exact=True) if texts else TextLookup()


def _required_prefix(pattern: str) -> TextLookup:
    """The required prefix of a match: leading letters, digits and a few signs, up to one that may be repeated.

    `^final/` asks for nothing else, `^final/.*x` only begins so, and `^fina?l` begins with `fin`.
    """
    match = _LITERAL.match(pattern)
    if match is None:
        return TextLookup()
    remainder = pattern[match.end() :]
    if "|" in remainder:
        return TextLookup()
    prefix = match.group(1)[:-1] if remainder[:1] in tuple("?*{") else match.group(1)
    return TextLookup(prefix=prefix, exact=not remainder)


def _time(text: str) -> datetime | None:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return time if time.tzinfo else None


def _test_comparison(compare: Callable[[Any, Any], bool], expected: Value, actual: Value) -> bool:
    return compare(actual, expected)


def _test_membership(values: Iterable[Value], inside: bool, actual: Value) -> bool:
    return (actual in values) == inside


def _test_regexp(pattern: Any, found: str) -> bool:
    return pattern.search(found) is not None
