"""One entry of a filter -> a test of one value.

    "prod"                            equals that value         {"prefix": "final/"}, {"suffix": ".gguf"}
    {"numeric": [">=", 0.9, "<", 1]}  all comparisons hold      {"wildcard": "final/*/model-*.safetensors"}
    {"anything-but": ["a", "b"]}      present, and none of them {"equals-ignore-case": "PROD"}
    {"exists": false}                 absent                    {"cidr": "10.0.0.0/8"}

`anything-but` takes a value, a list, or one of prefix, suffix, wildcard and equals-ignore-case; prefix and suffix take
{"equals-ignore-case": …}. A wildcard's `*` is any text, `\\*` is a star; matching is linear in the value's length.
"""

import json
import operator
from collections.abc import Callable
from functools import partial
from ipaddress import ip_address, ip_network
from typing import Any

import re2

from aftertrain.errors import AuthorError
from aftertrain.expressions.lookup import MISSING

Scalar = str | int | float | bool | None
Matcher = Callable[[Any], bool]
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    ">=": operator.ge,
    ">": operator.gt,
}


def compile_matcher(condition: Any, path: str) -> Matcher:
    """The test of a value, which may be MISSING. Raises: AuthorError with the path and what to write."""
    if isinstance(condition, Scalar):
        return lambda actual: same(actual, condition)
    if not isinstance(condition, dict) or len(condition) != 1:
        raise _filter_error(path, "a value or one operator", condition)
    ((name, operand),) = condition.items()
    if name not in _OPERATORS:
        raise AuthorError(
            f"filter: {path!r}: unknown operator {name!r}: known are {', '.join(sorted(_OPERATORS))}",
            field=f"filter.{path}",
        )
    return _OPERATORS[name](operand, path)


def same(actual: Any, expected: Scalar) -> bool:
    """Whether two JSON values are equal; booleans are not numbers."""
    if isinstance(actual, bool) or isinstance(expected, bool):
        return actual is expected
    if isinstance(actual, int | float) and isinstance(expected, int | float):
        return actual == expected
    return type(actual) is type(expected) and bool(actual == expected)


def _affix(holds: Callable[[str, str], bool]) -> Callable[[Any, str], Matcher]:
    def compile_affix(operand: Any, path: str) -> Matcher:
        if isinstance(operand, dict) and operand.keys() == {"equals-ignore-case"}:
            folded = _text(operand["equals-ignore-case"], path).casefold()
            return lambda actual: isinstance(actual, str) and holds(actual.casefold(), folded)
        text = _text(operand, path)
        return lambda actual: isinstance(actual, str) and holds(actual, text)

    return compile_affix


def _ignore_case(operand: Any, path: str) -> Matcher:
    folded = _text(operand, path).casefold()
    return lambda actual: isinstance(actual, str) and actual.casefold() == folded


def _wildcard(operand: Any, path: str) -> Matcher:
    plain = [piece.replace("\0", "*") for piece in _text(operand, path).replace("\\*", "\0").split("*")]
    if len(plain) == 2:  # one star: no regular expression is needed
        return partial(_has_affixes, *plain)
    pieces = [re2.escape(piece) for piece in plain]
    options = re2.Options()
    options.log_errors = False
    try:
        pattern = re2.compile(f"(?s)^{'.*'.join(pieces)}$", options)
    except re2.error:
        raise _filter_error(path, "a wildcard that is not as long", operand) from None
    return lambda actual: isinstance(actual, str) and pattern.search(actual) is not None


def _has_affixes(head: str, tail: str, actual: Any) -> bool:
    long_enough = isinstance(actual, str) and len(actual) >= len(head) + len(tail)
    return long_enough and actual.startswith(head) and actual.endswith(tail)


def _anything_but(operand: Any, path: str) -> Matcher:
    if isinstance(operand, dict):
        if len(operand) != 1 or not operand.keys() <= {"prefix", "suffix", "wildcard", "equals-ignore-case"}:
            raise _filter_error(path, "anything-but of a value, a list, or one operator for texts", operand)
        ((name, texts),) = operand.items()
        listed = texts if isinstance(texts, list) else [texts]
        refused = [_OPERATORS[name](text, path) for text in listed]
        return lambda actual: isinstance(actual, str) and not any(matcher(actual) for matcher in refused)
    values = operand if isinstance(operand, list) else [operand]
    if not values or not all(isinstance(value, Scalar) for value in values):
        raise _filter_error(path, "anything-but of a value, a list, or one operator for texts", operand)
    return lambda actual: actual is not MISSING and not any(same(actual, value) for value in values)


def _numeric(operand: Any, path: str) -> Matcher:
    pairs = list(zip(operand[::2], operand[1::2], strict=False)) if isinstance(operand, list) else []
    if not pairs or len(operand) % 2 or not all(name in _COMPARE and _is_number(bound) for name, bound in pairs):
        raise _filter_error(path, 'numeric comparisons such as [">=", 0, "<", 10]', operand)
    return lambda actual: _is_number(actual) and all(_COMPARE[name](actual, bound) for name, bound in pairs)


def _exists(operand: Any, path: str) -> Matcher:
    if not isinstance(operand, bool):
        raise _filter_error(path, "exists true or false", operand)
    return lambda actual: (actual is not MISSING) == operand


def _cidr(operand: Any, path: str) -> Matcher:
    try:
        network = ip_network(_text(operand, path), strict=False)
    except ValueError:
        raise _filter_error(path, "a network such as 10.0.0.0/8", operand) from None

    def inside(actual: Any) -> bool:
        try:
            return isinstance(actual, str) and ip_address(actual) in network
        except ValueError:
            return False

    return inside


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _text(operand: Any, path: str) -> str:
    if not isinstance(operand, str):
        raise _filter_error(path, "a text", operand)
    return operand


def _filter_error(path: str, expected: str, actual: Any) -> AuthorError:
    shown = json.dumps(actual, ensure_ascii=False)[:80]
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
