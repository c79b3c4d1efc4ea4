"""Filters -> predicates that an index can look up: each tests one path, and all must hold.

    {"key": [{"prefix": "final/"}], "size": [{"numeric": [">", 0]}]}
    ->  (("data", "key"), [Affix("final/")]), (("data", "size"), [Bound(">", 0)])

A filter that cannot be expressed makes its trigger `opaque`: the filter itself runs once the index has found it.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from aftertrain.expressions.matchers import compile_matcher
from aftertrain.expressions.pattern import FieldGroup, FieldTest, Pattern
from aftertrain.expressions.where import Where

Path = tuple[str, ...]


class Equal(NamedTuple):
    """The value equals this one; booleans are not numbers."""

    value: Any


class Affix(NamedTuple):
    """The text begins or ends with this one."""

    text: str
    at_end: bool = False


class Exists(NamedTuple):
    """The field is present, or absent."""

    there: bool


class Bound(NamedTuple):
    """The number is on one side of a bound; `operator` is one of `<`, `<=`, `>`, `>=`."""

    operator: str
    value: float


class Wild(NamedTuple):
    """The text has the form `text`: `head` and `tail` are its fixed ends, `holds` decides."""

    head: str
    tail: str
    text: str
    holds: Callable[[Any], bool]


Test = Wild | Equal | Affix | Exists | Bound


class Predicate(NamedTuple):
    """One of the tests must hold for the value at the path. `any_item`: for one item of an array."""

    path: Path
    tests: tuple[Test, ...]
    any_item: bool


def predicates(filters: tuple[Where | Pattern, ...]) -> tuple[list[Predicate], bool]:
    """The predicates, and whether they express the filters completely."""
    collected: list[Predicate] = []
    exact = True
    for condition in filters:
        parsed = _of_where(condition) if isinstance(condition, Where) else _of_node(condition.root, ())
        for predicate in parsed:
            if predicate is None:
                exact = False
            else:
                collected.append(predicate)
    return collected, exact


def _of_where(where: Where) -> Iterator[Predicate | None]:
    """None for each comparison that an index cannot look up."""
    for comparison in where.comparisons:
        asks = comparison.asks
        tests: tuple[Test, ...] = tuple(Equal(text) for text in asks.texts)
        if asks.prefix:
            tests = (Affix(asks.prefix),)
        if tests:
            yield Predicate(comparison.path, tests, any_item=False)
        if not asks.exact:
            yield None


def _of_node(node: FieldGroup, parent: Path) -> Iterator[Predicate | None]:
    if node.choices:
        yield None
    for name, child in node.fields:
        path = (*parent, name)
        if isinstance(child, FieldGroup):
            yield from _of_node(child, path)
        else:
            yield from _of_leaf(child, path)


def _of_leaf(leaf: FieldTest, path: Path) -> Iterator[Predicate | None]:
    values = leaf.written if isinstance(leaf.written, list) else [leaf.written]
    bounds = _bounds(values)
    if bounds is not None:  # all bounds must hold, so each is a predicate of its own
        yield from (Predicate(path, (bound,), any_item=True) for bound in bounds)
        if len(bounds) > 1:
            yield None  # one item of an array must be within both bounds
        return
    tests = [_test(value) for value in values]
    if None not in tests:
        yield Predicate(path, tuple(test for test in tests if test is not None), any_item=True)
    else:
        yield None


def _bounds(values: list[Any]) -> list[Bound] | None:
    if len(values) != 1 or not isinstance(values[0], dict) or "numeric" not in values[0]:
        return None
    operands = values[0]["numeric"]
    pairs = list(zip(operands[::2], operands[1::2], strict=True))
    return None if any(operator == "=" for operator, _ in pairs) else [Bound(*pair) for pair in pairs]


def _test(leaf: Any) -> Test | None:
    if not isinstance(leaf, dict):
        return Equal(leaf)
    ((name, value),) = leaf.items()
    if name in ("prefix", "suffix") and isinstance(value, str):
        return Affix(value, at_end=name == "suffix")
    if name == "wildcard":
        pieces = [piece.replace("\0", "*") for piece in value.replace("\\*", "\0").split("*")]
        return Wild(pieces[0], pieces[-1], value, compile_matcher(leaf, "")) if len(pieces) > 1 else Equal(pieces[0])
    return Exists(value) if name == "exists" else None
