"""Bucket WHERE clause -> predicate over events.

    WHERE `key` REGEXP "^final/" AND `Event-Type` IN ("OBJECT_CREATED_PUT", "OBJECT_CREATED_MULTIPART")

The grammar is the one that Tigris documents for object notifications: comparisons joined by AND. Keywords and field
names are read in any case, fields stand bare or in back-ticks, strings in double quotes, in which `\\"` is a quote and
any other backslash is itself, so that regular expressions need no doubling. Beside the bucket's own fields any path of
an event may stand in back-ticks, from the envelope on: `data.accuracy`, `subject`; its type is that of what it is
compared with. REGEXP finds a match anywhere and is RE2: linear in the key's length whatever the pattern. A field that
an event does not have makes its comparison false, with every operator, as NULL does in SQL.
"""

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from typing import Any, Literal, NamedTuple

import re2

from aftertrain.expressions.fields import MISSING, lookup
from aftertrain.expressions.lexer import FilterSyntaxError, Token, tokenize
from aftertrain.expressions.miss import Miss
from aftertrain.model.event import ENVELOPE_FIELDS, Event

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


class Asks(NamedTuple):
    """What an index can know of a comparison: the texts of which one must be there, or how a text must begin.

    `exact`: nothing else is asked.
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
    asks: Asks

    def failure(self, event: Event) -> Miss | None:
        """Why the event does not pass; None if it passes."""
        found = lookup(event, self.path)
        value = _event_value(found, self.type)
        if value is None:
            actual = None if found is MISSING else found
            return Miss("where", self.text, actual, f"{self.text}: the event does not say")
        return None if self.test(value) else Miss("where", self.text, found, f"{self.text} is false for {found!r}")


class Where(NamedTuple):
    """Comparisons that must all hold."""

    comparisons: tuple[Comparison, ...]

    def failure(self, event: Event) -> Miss | None:
        """Why the event does not pass; None if it passes."""
        return next((why for item in self.comparisons if (why := item.failure(event)) is not None), None)


def compile_where(text: str) -> Where:
    """Parse a WHERE clause and make it ready to run; the word WHERE itself may be left out.

    Raises:
        FilterSyntaxError: with line, column and what was expected there.
    """
    return _Parser(text).clause()


class _Parser:
    """Recursive descent over the tokens; one method a rule of the grammar."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = tokenize(text)
        self.at = 0

    def clause(self) -> Where:
        self._accept("WHERE")
        comparisons = [self._comparison()]
        while self._accept("AND"):
            comparisons.append(self._comparison())
        if self._peek().kind != "end":
            raise self._expected("AND or the end of the clause")
        return Where(tuple(comparisons))

    def _comparison(self) -> Comparison:
        start = self._peek().start
        name = self._field()
        path, kind = FIELDS.get(name.lower()) or (name, self._kind_ahead())
        test, asks = self._operator(SPELLING.get(name.lower(), name), kind)
        text = " ".join(self.text[start : self.tokens[self.at - 1].end].split())
        return Comparison(text, tuple(path.split(".")), kind, test, asks)

    def _field(self) -> str:
        token = self._peek()
        known = token.kind in ("name", "word") and token.value.lower() in FIELDS
        root, *rest = token.value.split(".")
        path = token.kind == "name" and root in ENVELOPE_FIELDS and all(rest) and (root != "data" or rest)
        if not known and not path:
            fields = ", ".join(f"`{name}`" for name in SPELLING.values())
            raise self._expected(f"a field: {fields}, or a path such as `data.accuracy`")
        self.at += 1
        return token.value

    def _kind_ahead(self) -> FieldType:
        """The type of the value that comes next."""
        ahead = (token.kind for token in self.tokens[self.at :] if token.kind in ("string", "number"))
        return "number" if next(ahead, "string") == "number" else "text"

    def _operator(self, field: str, kind: FieldType) -> tuple[Callable[[Any], bool], Asks]:
        if self._peek().kind == "operator":
            operator, value = self._take().value, self._value(field, kind)
            return partial(_compared, _COMPARE[operator], value), _asks([value] if operator == "=" else [])
        if self._accept("IN"):
            values = self._values(field, kind)
            return partial(_within, values, True), _asks(values)
        if self._accept("NOT"):
            if not self._accept("IN"):
                raise self._expected("IN")
            return partial(_within, self._values(field, kind), False), Asks()
        if self._accept("REGEXP"):
            return self._regexp(field, kind)
        raise self._expected("=, !=, >, <, >=, <=, IN, NOT IN or REGEXP")

    def _regexp(self, field: str, kind: FieldType) -> tuple[Callable[[Any], bool], Asks]:
        token = self._peek()
        if kind != "text":
            raise self._error(f"`{field}` is no text: REGEXP works on `key`, `Event-Type` and `Content-Type`", token)
        if token.kind != "string":
            raise self._expected("a regular expression in double quotes")
        self.at += 1
        options = re2.Options()
        options.log_errors = False
        try:
            pattern = re2.compile(token.value, options)
        except re2.error as error:
            reason = error.args[0].decode() if isinstance(error.args[0], bytes) else error.args[0]
            raise self._error(f"not a regular expression of RE2: {reason}", token) from None
        return partial(_searched, pattern), _begins(token.value)

    def _values(self, field: str, kind: FieldType) -> frozenset[Value]:
        if not self._accept("("):
            raise self._expected("(")
        values = [self._value(field, kind)]
        while self._accept(","):
            values.append(self._value(field, kind))
        if not self._accept(")"):
            raise self._expected(", or )")
        return frozenset(values)

    def _value(self, field: str, kind: FieldType) -> Value:
        token = self._peek()
        if kind == "number" and token.kind == "number":
            return float(self._take().value)
        if kind == "text" and token.kind == "string":
            return self._take().value
        if kind == "time" and token.kind == "string" and (time := _time(token.value)):
            self.at += 1
            return time
        wanted = {
            "number": "a number",
            "text": "a string in double quotes",
            "time": 'a time such as "2026-01-31T00:00:00Z"',
        }
        raise self._expected(f"{wanted[kind]}, as `{field}` is compared with")

    def _peek(self) -> Token:
        return self.tokens[self.at]

    def _take(self) -> Token:
        self.at += 1
        return self.tokens[self.at - 1]

    def _accept(self, text: str) -> bool:
        token = self._peek()
        accepted = token.kind in ("word", "punctuation") and token.value.upper() == text
        self.at += accepted
        return accepted

    def _expected(self, what: str) -> FilterSyntaxError:
        token = self._peek()
        found = "the clause ends" if token.kind == "end" else f"found {self.text[token.start : token.end]}"
        return self._error(f"expected {what}; {found}", token)

    def _error(self, message: str, token: Token) -> FilterSyntaxError:
        return FilterSyntaxError(message, self.text, token.start)


def _event_value(found: Any, kind: FieldType) -> Value | None:
    match kind:
        case "text":
            return found if isinstance(found, str) else None
        case "number":
            return found if isinstance(found, int | float) and not isinstance(found, bool) else None
        case "time":
            return _time(found) if isinstance(found, str) else None


def _asks(values: Iterable[Value]) -> Asks:
    texts = tuple(value for value in values if isinstance(value, str))
    return Asks(texts, exact=True) if texts else Asks()


def _begins(pattern: str) -> Asks:
    """What a match begins with; letters, digits and a few signs stand for themselves, up to where one may be repeated.

    `^final/` asks for nothing else, `^final/.*x` begins so, of `^fina?l` it is known that it begins with `fin`.
    """
    found = _LITERAL.match(pattern)
    if found is None:
        return Asks()
    rest = pattern[found.end() :]
    if "|" in rest:
        return Asks()
    prefix = found.group(1)[:-1] if rest[:1] in tuple("?*{") else found.group(1)
    return Asks(prefix=prefix, exact=not rest)


def _time(text: str) -> datetime | None:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return time if time.tzinfo else None


def _compared(compare: Callable[[Any, Any], bool], wanted: Value, found: Value) -> bool:
    return compare(found, wanted)


def _within(values: Iterable[Value], inside: bool, found: Value) -> bool:
    return (found in values) == inside


def _searched(pattern: Any, found: str) -> bool:
    return pattern.search(found) is not None
