"""JSON filter -> predicate over events.

    {"model_source": "hugging_face", "auto_deploy": true}                  every entry must hold
    {"key": [{"prefix": "final/"}, {"suffix": ".gguf"}], "size": [{"numeric": [">", 0]}]}   one of a list must
    {"metrics": {"name": "accuracy", "value": [{"numeric": [">=", 0.9]}]}, "$or": [{"env": "prod"}, {"force": true}]}

The language is that of EventBridge's patterns; a value may stand bare instead of in a list. Keys are paths as in
`fields`, dotted or nested. Of an array one item must match, and what is asked below one path must hold of the same
item: {"by": {"first": "Anna", "last": "Jones"}} does not match Anna Smith and Bob Jones. Equality is JSON's, not
Python's: `true` and `1` differ, `1` and `1.0` are one number, `"1"` is a string, and a missing field equals nothing,
not even null.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any, NamedTuple

from aftertrain.errors import AuthorError
from aftertrain.expressions.fields import MISSING, full_path
from aftertrain.expressions.matchers import OPERATORS, Matcher, compile_matcher
from aftertrain.expressions.miss import Miss
from aftertrain.model.event import Event

MAX_DEPTH = 16
MAX_COPIES = 1000  # beyond what is written: what stands beside `$or` is asked in each alternative too, which multiplies


class Leaf(NamedTuple):
    """What is asked of one value: one of the matchers must take it."""

    path: str
    matchers: tuple[Matcher, ...]
    written: Any

    def holds(self, value: Any) -> bool:
        """Whether the value, or an item of it, is taken."""
        values = value if isinstance(value, list) else [value]
        return any(matcher(each) for matcher in self.matchers for each in values)


class Node(NamedTuple):
    """What is asked of an object: all of its fields, and of each `$or` one alternative."""

    fields: tuple[tuple[str, "Node | Leaf"], ...]
    choices: tuple[tuple["Node", ...], ...] = ()

    def failure(self, value: Any) -> Miss | None:
        """Why the value does not match; None if it does."""
        if isinstance(value, list):
            whys = [self.failure(item) for item in value]
            return None if None in whys else next((why for why in whys if why), _EMPTY)
        for name, asked in self.fields:
            found = value.get(name, MISSING) if isinstance(value, dict) else MISSING
            if (why := _failure(asked, found)) is not None:
                return why
        for alternatives in self.choices:
            whys = [each.failure(value) for each in alternatives]
            if None not in whys:
                words = "no alternative of $or holds: " + "; ".join(map(str, whys))
                return Miss("filter.$or", "one of the alternatives", None, words)
        return None


class Pattern(NamedTuple):
    """A whole filter."""

    root: Node

    def failure(self, event: Event) -> Miss | None:
        """Why the event does not pass; None if it passes."""
        return self.root.failure(event.envelope())


def compile_pattern(text: dict[str, Any]) -> Pattern:
    """Check a JSON filter and make it ready to run.

    Raises:
        AuthorError: with the path of what cannot be read, and what to write.
    """
    try:
        return Pattern(_compiled(deepcopy(text), "", 0, iter(range(len(json.dumps(text)) + MAX_COPIES))))
    except RecursionError:
        raise AuthorError(f"filter: it is nested deeper than {MAX_DEPTH} levels", field="filter") from None


def check_pattern(text: dict[str, Any]) -> None:
    """What nobody may write any more although it can be read, as some have written it before.

    Raises:
        AuthorError: as `compile_pattern` does, or of an object that asks for nothing.
    """
    compile_pattern(text)
    _refuse_nothing(text, "")


_EMPTY = Miss("filter", "an item that matches", [], "the array is empty")


def _failure(asked: Node | Leaf, found: Any) -> Miss | None:
    if isinstance(asked, Node):
        return asked.failure({} if found is MISSING else found)
    if asked.holds(found):
        return None
    clause = f"filter.{asked.path}"
    if found is MISSING:
        return Miss(clause, asked.written, None, f"the event has no {asked.path}")
    words = f"{asked.path} is {_shown(found)}, not {_shown(asked.written)}"
    return Miss(clause, asked.written, found, words)


def _refuse_nothing(text: Mapping[str, Any], above: str) -> None:
    for key, asked in text.items():
        path = f"{above}.{key}" if above else key
        for each in asked if key == "$or" else [asked]:
            if each == {}:
                raise AuthorError(
                    f'filter: {path!r} asks for nothing: write [{{"exists": true}}]', field=f"filter.{path}"
                )
            if isinstance(each, dict):
                _refuse_nothing(each, above if key == "$or" else path)


def _compiled(text: Mapping[str, Any], above: str, depth: int, objects: Iterator[int]) -> Node:
    if depth > MAX_DEPTH:
        raise AuthorError(f"filter: it is nested deeper than {MAX_DEPTH} levels", field="filter")
    _spend(objects)
    tree = _nested(text, above)
    either = tree.pop("$or", None)
    choices = [] if either is None else [_alternatives(either, tree, above, depth, objects)]
    fields: list[tuple[str, Node | Leaf]] = []
    for key, asked in tree.items():
        path = f"{above}.{key}" if above else key
        if isinstance(asked, dict):
            fields.append((key, _compiled(asked, path, depth + 1, objects)))
        else:
            _spend(objects)
            fields.append((key, _leaf(asked, path.removeprefix("data."))))
    return Node(tuple(fields), tuple(choices))


def _spend(objects: Iterator[int]) -> None:
    if next(objects, None) is None:
        words = "filter: it has too many alternatives in alternatives: make it several triggers"
        raise AuthorError(words, field="filter")


def _alternatives(
    asked: Any, beside: Mapping[str, Any], above: str, depth: int, objects: Iterator[int]
) -> tuple[Node, ...]:
    """Each with what stands beside `$or`, for what both ask below one path must hold of the same item of an array."""
    if not isinstance(asked, list) or len(asked) < 2 or not all(isinstance(each, dict) for each in asked):
        raise AuthorError("filter: $or is a list of two or more filters", field="filter.$or")
    alternatives = [_nested(each, above) for each in asked]
    shared = [{key: beside[key] for key in _asked(each, above) & beside.keys()} for each in alternatives]
    return tuple(
        _compiled(_over(both, each), above, depth + 1, objects) for both, each in zip(shared, alternatives, strict=True)
    )


def _asked(tree: Mapping[str, Any], above: str) -> set[str]:
    """What a filter asks of, in its alternatives too."""
    either = tree.get("$or")
    below = [
        _asked(_nested(each, above), above)
        for each in (either if isinstance(either, list) else ())
        if isinstance(each, dict)
    ]
    return (tree.keys() - {"$or"}).union(*below)


def _over(beside: Mapping[str, Any], alternative: Mapping[str, Any]) -> dict[str, Any]:
    """Both in one; where both ask something of one value, the alternative does here, and what is beside it anyway."""
    found = dict(beside)
    for key, asked in alternative.items():
        standing = found.get(key)
        found[key] = _over(standing, asked) if isinstance(asked, dict) and isinstance(standing, dict) else asked
    return found


def _leaf(asked: Any, path: str) -> Leaf:
    wanted = asked if isinstance(asked, list) else [asked]
    if not wanted:
        raise AuthorError(f"filter: {path!r} lists nothing that could match", field=f"filter.{path}")
    return Leaf(path, tuple(compile_matcher(each, path) for each in wanted), asked)


def _nested(text: Mapping[str, Any], above: str) -> dict[str, Any]:
    """The filter with its dotted keys as objects in objects; at the top a path begins in the envelope or in `data`."""
    tree: dict[str, Any] = {}
    for key, asked in text.items():
        segments = key.split(".")
        if not all(segments):
            raise AuthorError(f"filter: {key!r} is not a path such as data.model_source", field="filter")
        if isinstance(asked, dict) and len(asked) == 1 and asked.keys() <= OPERATORS:
            shown = json.dumps([asked])
            raise AuthorError(f"filter: {key!r}: an operator stands in a list: {shown}", field=f"filter.{key}")
        _put(tree, segments if above or key == "$or" else full_path(segments), asked, key)
    return tree


def _put(tree: dict[str, Any], segments: Sequence[str], asked: Any, key: str) -> None:
    *parents, last = segments
    for segment in parents:
        tree = tree.setdefault(segment, {})
        if not isinstance(tree, dict):
            raise AuthorError(f"filter: {key!r} stands below a path that has a value", field=f"filter.{key}")
    if last not in tree:
        tree[last] = asked
    elif isinstance(asked, dict) and isinstance(tree[last], dict):
        for name, below in asked.items():
            _put(tree[last], name.split("."), below, f"{key}.{name}")
    else:
        raise AuthorError(f"filter: {key!r} stands twice", field=f"filter.{key}")


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:77]}..."
