"""JSON filter -> predicate over events.

    {"model_source": "hugging_face", "auto_deploy": true}                  every entry must hold
    {"key": [{"prefix": "final/"}, {"suffix": ".gguf"}], "size": [{"numeric": [">", 0]}]}   one of a list must
    {"metrics": {"name": "accuracy", "value": [{"numeric": [">=", 0.9]}]}, "$or": [{"env": "prod"}, {"force": true}]}

The language is EventBridge's; a value may stand without a list. Keys are paths as in `lookup`, dotted or nested. One
item of an array must match, and all conditions below one path must hold for the same item: {"by": {"first": "Anna",
"last": "Jones"}} does not match Anna Smith and Bob Jones. Equality is JSON's, not Python's: `true` and `1` differ, `1`
and `1.0` are equal, `"1"` is a string, and a missing field equals nothing, not even null.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any, NamedTuple

from aftertrain.errors import AuthorError
from aftertrain.expressions.budget import Budget
from aftertrain.expressions.lookup import MISSING, full_path
from aftertrain.expressions.matchers import OPERATORS, Matcher, compile_matcher
from aftertrain.expressions.mismatch import Mismatch
from aftertrain.model.event import Event

MAX_DEPTH = 16
MAX_COPIES = 1000  # conditions beside `$or` are copied into each alternative, which multiplies


class FieldTest(NamedTuple):
    """A condition on one value: one of the matchers must accept it."""

    path: str
    matchers: tuple[Matcher, ...]
    written: Any

    def holds(self, value: Any, budget: Budget) -> bool:
        """Whether the value, or an item of it, is accepted."""
        values = value if isinstance(value, list) else [value]
        budget.spend(len(values) * len(self.matchers))
        return any(matcher(item) for matcher in self.matchers for item in values)


class FieldGroup(NamedTuple):
    """Conditions on an object: all of its fields, and one alternative of each `$or`."""

    fields: tuple[tuple[str, "FieldGroup | FieldTest"], ...]
    choices: tuple[tuple["FieldGroup", ...], ...] = ()

    def failure(self, value: Any, budget: Budget) -> Mismatch | None:
        """Why the value does not match; None if it does."""
        budget.spend()
        if isinstance(value, list):
            first: Mismatch | None = None
            for item in value:
                if (mismatch := self.failure(item, budget)) is None:
                    return None
                first = first or mismatch
            return first or _EMPTY
        for name, condition in self.fields:
            actual = value.get(name, MISSING) if isinstance(value, dict) else MISSING
            if (mismatch := _failure(condition, actual, budget)) is not None:
                return mismatch
        for alternatives in self.choices:
            mismatches = [alternative.failure(value, budget) for alternative in alternatives]
            if None not in mismatches:
                message = "no alternative of $or holds: " + "; ".join(map(str, mismatches))
                return Mismatch("filter.$or", "one of the alternatives", None, message)
        return None


class Pattern(NamedTuple):
    """A whole filter."""

    root: FieldGroup

    def failure(self, event: Event, budget: Budget | None = None) -> Mismatch | None:
        """Why the event does not pass; None if it passes. Raises: OverBudgetError"""
        return self.root.failure(event.envelope(), budget or Budget())


def compile_pattern(pattern: dict[str, Any]) -> Pattern:
    """Compile a JSON filter.

    Raises:
        AuthorError: with the path of the mistake, and what to write.
    """
    try:
        return Pattern(_compile(deepcopy(pattern), "", 0, iter(range(len(json.dumps(pattern)) + MAX_COPIES))))
    except RecursionError:
        raise AuthorError(f"filter: it is nested deeper than {MAX_DEPTH} levels", field="filter") from None


def check_pattern(pattern: dict[str, Any]) -> None:
    """Check a filter more strictly than `compile_pattern`, which must still read stored filters.

    Raises:
        AuthorError: as `compile_pattern` does, or for an object without conditions.
    """
    compile_pattern(pattern)
    _refuse_empty(pattern, "")


_EMPTY = Mismatch("filter", "an item that matches", [], "the array is empty")


def _failure(condition: FieldGroup | FieldTest, actual: Any, budget: Budget) -> Mismatch | None:
    if isinstance(condition, FieldGroup):
        return condition.failure({} if actual is MISSING else actual, budget)
    if condition.holds(actual, budget):
        return None
    clause = f"filter.{condition.path}"
    if actual is MISSING:
        return Mismatch(clause, condition.written, None, f"the event has no {condition.path}")
    message = f"{condition.path} is {_format_value(actual)}, not {_format_value(condition.written)}"
    return Mismatch(clause, condition.written, actual, message)


def _refuse_empty(pattern: Mapping[str, Any], parent: str) -> None:
    for key, condition in pattern.items():
        path = f"{parent}.{key}" if parent else key
        for part in condition if key == "$or" else [condition]:
            if part == {}:
                raise AuthorError(
                    f'filter: {path!r} has no condition: write [{{"exists": true}}]', field=f"filter.{path}"
                )
            if isinstance(part, dict):
                _refuse_empty(part, parent if key == "$or" else path)


def _compile(pattern: Mapping[str, Any], parent: str, depth: int, budget: Iterator[int]) -> FieldGroup:
    if depth > MAX_DEPTH:
        raise AuthorError(f"filter: it is nested deeper than {MAX_DEPTH} levels", field="filter")
    _spend(budget)
    tree = _nest_keys(pattern, parent)
    alternatives = tree.pop("$or", None)
    choices = [] if alternatives is None else [_alternatives(alternatives, tree, parent, depth, budget)]
    fields: list[tuple[str, FieldGroup | FieldTest]] = []
    for key, condition in tree.items():
        path = f"{parent}.{key}" if parent else key
        if isinstance(condition, dict):
            fields.append((key, _compile(condition, path, depth + 1, budget)))
        else:
            _spend(budget)
            fields.append((key, _leaf(condition, path.removeprefix("data."))))
    return FieldGroup(tuple(fields), tuple(choices))


def _spend(budget: Iterator[int]) -> None:
    if next(budget, None) is None:
        message = "filter: it has too many nested alternatives: split it into several triggers"
        raise AuthorError(message, field="filter")


def _alternatives(
    options: Any, siblings: Mapping[str, Any], parent: str, depth: int, budget: Iterator[int]
) -> tuple[FieldGroup, ...]:
    """The alternatives, each with the conditions beside `$or`: both must hold for the same item of an array."""
    if not isinstance(options, list) or len(options) < 2 or not all(isinstance(item, dict) for item in options):
        raise AuthorError("filter: $or needs a list of two or more filters", field="filter.$or")
    alternatives = [_nest_keys(item, parent) for item in options]
    shared = [{key: siblings[key] for key in _collect_keys(item, parent) & siblings.keys()} for item in alternatives]
    return tuple(
        _compile(_merge(base, item), parent, depth + 1, budget) for base, item in zip(shared, alternatives, strict=True)
    )


def _collect_keys(tree: Mapping[str, Any], parent: str) -> set[str]:
    """The fields that a filter reads, alternatives included."""
    alternatives = tree.get("$or")
    nested_keys = [
        _collect_keys(_nest_keys(alternative, parent), parent)
        for alternative in (alternatives if isinstance(alternatives, list) else ())
        if isinstance(alternative, dict)
    ]
    return (tree.keys() - {"$or"}).union(*nested_keys)


def _merge(siblings: Mapping[str, Any], alternative: Mapping[str, Any]) -> dict[str, Any]:
    """Both in one; for a field in both, the alternative's condition stands here, and the other one beside it."""
    merged = dict(siblings)
    for key, value in alternative.items():
        existing = merged.get(key)
        merged[key] = _merge(existing, value) if isinstance(value, dict) and isinstance(existing, dict) else value
    return merged


def _leaf(condition: Any, path: str) -> FieldTest:
    entries = condition if isinstance(condition, list) else [condition]
    if not entries:
        raise AuthorError(f"filter: {path!r} has an empty list, which nothing can match", field=f"filter.{path}")
    return FieldTest(path, tuple(compile_matcher(entry, path) for entry in entries), condition)


def _nest_keys(pattern: Mapping[str, Any], parent: str) -> dict[str, Any]:
    """The filter with dotted keys as nested objects; a top-level path begins in the envelope or in `data`."""
    tree: dict[str, Any] = {}
    for key, condition in pattern.items():
        segments = key.split(".")
        if not all(segments):
            raise AuthorError(f"filter: {key!r} is not a path such as data.model_source", field="filter")
        if isinstance(condition, dict) and len(condition) == 1 and condition.keys() <= OPERATORS:
            shown = json.dumps([condition])
            raise AuthorError(f"filter: {key!r}: put the operator in a list: {shown}", field=f"filter.{key}")
        _put(tree, segments if parent or key == "$or" else full_path(segments), condition, key)
    return tree


def _put(tree: dict[str, Any], segments: Sequence[str], condition: Any, key: str) -> None:
    *parents, last = segments
    for segment in parents:
        tree = tree.setdefault(segment, {})
        if not isinstance(tree, dict):
            raise AuthorError(f"filter: {key!r} is below a path that already has a value", field=f"filter.{key}")
    if last not in tree:
        tree[last] = condition
    elif isinstance(condition, dict) and isinstance(tree[last], dict):
        for name, nested in condition.items():
            _put(tree[last], name.split("."), nested, f"{key}.{name}")
    else:
        raise AuthorError(f"filter: {key!r} is a duplicate", field=f"filter.{key}")


def _format_value(value: Any) -> str:
    if isinstance(value, dict | list) and len(value) > 80:
        value = value[:80] if isinstance(value, list) else dict(list(value.items())[:80])
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:77]}..."
