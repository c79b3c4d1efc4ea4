"""A state's texts -> the faults in their JSONata.

Checked are: where `$states.result` and `$states.errorOutput` may be read, functions that Step Functions lacks, fields
that must be expressions, and variables that may have no value when they are read.
"""

from collections.abc import Iterator, Set
from functools import lru_cache
from typing import Any, NamedTuple

from aftertrain.asl.verify.jsonata import JsonataSyntaxError, scan

# $millis and $now exist; so do Step Functions' own: partition, range, hash, random, uuid, parse.
FUNCTIONS = frozenset(
    # JSONata's functions, without $eval.
    *(
        [
            *("string", "length", "substring", "substringBefore", "substringAfter", "uppercase", "lowercase", "trim"),
            *("pad", "contains", "split", "join", "match", "replace", "base64encode", "base64decode"),
            *("encodeUrlComponent", "encodeUrl", "decodeUrlComponent", "decodeUrl", "number", "abs", "floor", "ceil"),
            *("round", "power", "sqrt", "random", "formatNumber", "formatBase", "formatInteger", "parseInteger"),
            *("sum", "max", "min", "average", "boolean", "not", "exists", "count", "append", "sort", "reverse"),
            *("shuffle", "distinct", "zip", "keys", "lookup", "spread", "merge", "sift", "each", "error", "assert"),
            *("type", "now", "millis", "fromMillis", "toMillis", "map", "filter", "single", "reduce"),
            # Step Functions' own functions.
            *("partition", "range", "hash", "uuid", "parse"),
        ],
    )
)
_RESTRICTED = {"result", "errorOutput"}  # fields of $states that exist only in some places
_RESULT_FIELDS = {"Output", "Assign"}  # where a Task, a Parallel and a Map have a result
_RESULT_TYPES = ("Task", "Parallel", "Map")
Place = tuple[str, ...]


class TextFacts(NamedTuple):
    """What an expression reads, and its faults independent of position; an unparsable one reads nothing."""

    states: Set[str] = frozenset()
    variables: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()


# The path of a text, the text, and what it reads if it is code.
Texts = list[tuple[Place, str, TextFacts | None]]


def expression_faults(name: str, state: Any, found_texts: Texts) -> Iterator[str]:
    """The faults in the texts of one state, except those about variables."""
    for path, text, parsed in found_texts:
        if parsed is None or parsed.faults or not parsed.states.isdisjoint(_RESTRICTED):
            for fault in _check_plain_text(path, text) if parsed is None else _faults(path, state, parsed):
                yield f"state {name!r}, {'.'.join(path)}: {fault}"


def _check_plain_text(path: Place, text: str) -> Iterator[str]:
    if text.strip().startswith("{%") or text.strip().endswith("%}"):
        yield "an expression begins with {% and ends with %}, and has no blanks around it"
    elif path[-1] == "Condition":
        yield "a condition is an expression"


def _faults(path: Place, state: Any, parsed: TextFacts) -> list[str]:
    faults = list(parsed.faults)
    if "errorOutput" in parsed.states and path[0] != "Catch":
        faults.insert(0, "$states has no errorOutput here")
    if "result" in parsed.states and not (path[0] in _RESULT_FIELDS and state["Type"] in _RESULT_TYPES):
        faults.insert(0, "$states has no result here")
    return faults


def texts(state: Any) -> Texts:
    """Every text of a state that may be an expression, with the path to it."""
    result: Texts = []
    for key, value in state.items():
        if key not in _NO_TEXT:
            _collect(value, (key,), result)
    return result


_NO_TEXT = {"Type", "Comment", "Resource", "Branches", "ItemProcessor", "Label", "Retry", "Next", "Default"}


def _collect(value: Any, path: Place, collected: Texts) -> None:
    if isinstance(value, dict):
        for key, item in value.items():
            if isinstance(item, str):
                if "%" in item or key == "Condition":
                    collected.append(((*path, key), item, _read(item)))
            elif item:
                _collect(item, (*path, key), collected)
    elif isinstance(value, list):
        for item in value:
            _collect(item, path, collected)
    elif isinstance(value, str) and "%" in value:
        collected.append((path, value, _read(value)))


def _read(text: str) -> TextFacts | None:
    """What a text reads, if it is code."""
    return read_text(text) if text.startswith("{%") and text.endswith("%}") else None


@lru_cache(maxsize=4096)
def read_text(text: str) -> TextFacts:
    """Read an expression, including `{%` and `%}`."""
    try:
        scanned = scan(text[2:-2])
    except JsonataSyntaxError as fault:
        return TextFacts(faults=(str(fault),))
    faults = [f"$states has no {name!r}" for name in sorted(scanned.states - _STATES)]
    if not _CONTEXT_ROOTS.isdisjoint(scanned.free):
        faults.append("$ and $$ are not known: read $states.input")
    faults += [f"there is no function ${name}" for name in sorted(scanned.called - FUNCTIONS)]
    return TextFacts(scanned.states, tuple(sorted(scanned.free - _NO_VARIABLES)), tuple(faults))


_STATES = {"input", "context", "result", "errorOutput"}
_CONTEXT_ROOTS = {"", "$"}  # $ and $$
_NO_VARIABLES = {"states"} | _CONTEXT_ROOTS | FUNCTIONS


def read_variables(found_texts: Texts) -> Iterator[tuple[Place, str]]:
    """Every variable that a state's texts read, with its path."""
    for path, _, parsed in found_texts:
        if parsed is not None:
            yield from ((path, name) for name in parsed.variables)
