"""One entry of a filter -> a test of one value.

    "prod"                            is that value             {"prefix": "final/"}, {"suffix": ".gguf"}
    {"numeric": [">=", 0.9, "<", 1]}  all comparisons hold      {"wildcard": "final/*/model-*.safetensors"}
    {"anything-but": ["a", "b"]}      there, and none of them   {"equals-ignore-case": "PROD"}
    {"exists": false}                 not there                 {"cidr": "10.0.0.0/8"}

`anything-but` takes a value, a list, or one of prefix, suffix, wildcard and equals-ignore-case; prefix and suffix take
{"equals-ignore-case": …}. A wildcard's `*` is any text, `\\*` is a star; it runs in time linear in the value's length.
"""

import json
import operator
from collections.abc import Callable
from functools import partial
from ipaddress import ip_address, ip_network
from typing import Any

import re2

from aftertrain.errors import AuthorError
from aftertrain.expressions.fields import MISSING

Scalar = str | int | float | bool | None
Matcher = Callable[[Any], bool]
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    ">=": operator.ge,
    ">": operator.gt,
}


def compile_matcher(asked: Any, path: str) -> Matcher:
    """The test of a value, which may be MISSING. Raises: AuthorError, naming the path and what to write."""
    if isinstance(asked, Scalar):
        return lambda found: same(found, asked)
    if not isinstance(asked, dict) or len(asked) != 1:
        raise _wrong(path, "a value or one operator", asked)
    ((name, wanted),) = asked.items()
    if name not in _OPERATORS:
        raise AuthorError(
            f"filter: {path!r}: there is no operator {name!r}: there is {', '.join(sorted(_OPERATORS))}",
            field=f"filter.{path}",
        )
    return _OPERATORS[name](wanted, path)


def same(found: Any, wanted: Scalar) -> bool:
    """Whether two JSON values are equal, with booleans apart from numbers."""
    if isinstance(found, bool) or isinstance(wanted, bool):
        return found is wanted
    if isinstance(found, int | float) and isinstance(wanted, int | float):
        return found == wanted
    return type(found) is type(wanted) and bool(found == wanted)


def _affix(holds: Callable[[str, str], bool]) -> Callable[[Any, str], Matcher]:
    def compiled(wanted: Any, path: str) -> Matcher:
        if isinstance(wanted, dict) and wanted.keys() == {"equals-ignore-case"}:
            folded = _text(wanted["equals-ignore-case"], path).casefold()
            return lambda found: isinstance(found, str) and holds(found.casefold(), folded)
        text = _text(wanted, path)
        return lambda found: isinstance(found, str) and holds(found, text)

    return compiled


def _ignore_case(wanted: Any, path: str) -> Matcher:
    folded = _text(wanted, path).casefold()
    return lambda found: isinstance(found, str) and found.casefold() == folded


def _wildcard(wanted: Any, path: str) -> Matcher:
    plain = [piece.replace("\0", "*") for piece in _text(wanted, path).replace("\\*", "\0").split("*")]
    if len(plain) == 2:  # one star: no expression is needed
        return partial(_between, *plain)
    pieces = [re2.escape(piece) for piece in plain]
    options = re2.Options()
    options.log_errors = False
    try:
        pattern = re2.compile(f"(?s)^{'.*'.join(pieces)}$", options)
    except re2.error:
        raise _wrong(path, "a wildcard that is not as long", wanted) from None
    return lambda found: isinstance(found, str) and pattern.search(found) is not None


def _between(head: str, tail: str, found: Any) -> bool:
    long_enough = isinstance(found, str) and len(found) >= len(head) + len(tail)
    return long_enough and found.startswith(head) and found.endswith(tail)


def _anything_but(wanted: Any, path: str) -> Matcher:
    if isinstance(wanted, dict):
        if len(wanted) != 1 or not wanted.keys() <= {"prefix", "suffix", "wildcard", "equals-ignore-case"}:
            raise _wrong(path, "anything-but of a value, a list, or one operator for texts", wanted)
        ((name, texts),) = wanted.items()
        listed = texts if isinstance(texts, list) else [texts]
        refused = [_OPERATORS[name](text, path) for text in listed]
        return lambda found: isinstance(found, str) and not any(each(found) for each in refused)
    values = wanted if isinstance(wanted, list) else [wanted]
    if not values or not all(isinstance(value, Scalar) for value in values):
        raise _wrong(path, "anything-but of a value, a list, or one operator for texts", wanted)
    return lambda found: found is not MISSING and not any(same(found, value) for value in values)


def _numeric(wanted: Any, path: str) -> Matcher:
    pairs = list(zip(wanted[::2], wanted[1::2], strict=False)) if isinstance(wanted, list) else []
    if not pairs or len(wanted) % 2 or not all(name in _COMPARE and _number(bound) for name, bound in pairs):
        raise _wrong(path, 'numeric comparisons such as [">=", 0, "<", 10]', wanted)
    return lambda found: _number(found) and all(_COMPARE[name](found, bound) for name, bound in pairs)


def _exists(wanted: Any, path: str) -> Matcher:
    if not isinstance(wanted, bool):
        raise _wrong(path, "exists true or false", wanted)
    return lambda found: (found is not MISSING) == wanted


def _cidr(wanted: Any, path: str) -> Matcher:
    try:
        network = ip_network(_text(wanted, path), strict=False)
    except ValueError:
        raise _wrong(path, "a network such as 10.0.0.0/8", wanted) from None

    def inside(found: Any) -> bool:
        try:
            return isinstance(found, str) and ip_address(found) in network
        except ValueError:
            return False

    return inside


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _text(wanted: Any, path: str) -> str:
    if not isinstance(wanted, str):
        raise _wrong(path, "a text", wanted)
    return wanted


def _wrong(path: str, expected: str, found: Any) -> AuthorError:
    shown = json.dumps(found, ensure_ascii=False)[:80]
    return AuthorError(f"filter: {path!r}: expected {expected}; found {shown}", field=f"filter.{path}")


_OPERATORS: dict[str, Callable[[Any, str], Matcher]] = {
    "prefix": _affix(str.startswith),
    "suffix": _affix(str.endswith),
    "equals-ignore-case": _ignore_case,
    "wildcard": _wildcard,
    "anything-but": _anything_but,
    "numeric": _numeric,
    "exists": _exists,
    "cidr": _cidr,
}
OPERATORS = frozenset(_OPERATORS)
