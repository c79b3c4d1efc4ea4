"""A state's texts -> what is wrong with the JSONata in them.

Where `$states.result` and `$states.errorOutput` may be read, which functions Step Functions does not have, what a field
that has to be an expression looks like, and whether a variable has a value on every way that leads to its reader.
"""

from collections.abc import Iterator, Set
from functools import lru_cache
from typing import Any, NamedTuple

from aftertrain.asl.verify.jsonata import JsonataSyntaxError, scan

# $millis and $now are there; so is what Step Functions adds: partition, range, hash, random, uuid, parse.
FUNCTIONS = frozenset(
    # What JSONata has, without $eval.
    *(
        [
            *("string", "length", "substring", "substringBefore", "substringAfter", "uppercase", "lowercase", "trim"),
            *("pad", "contains", "split", "join", "match", "replace", "base64encode", "base64decode"),
            *("encodeUrlComponent", "encodeUrl", "decodeUrlComponent", "decodeUrl", "number", "abs", "floor", "ceil"),
            *("round", "power", "sqrt", "random", "formatNumber", "formatBase", "formatInteger", "parseInteger"),
            *("sum", "max", "min", "average", "boolean", "not", "exists", "count", "append", "sort", "reverse"),
            *("shuffle", "distinct", "zip", "keys", "lookup", "spread", "merge", "sift", "each", "error", "assert"),
            *("type", "now", "millis", "fromMillis", "toMillis", "map", "filter", "single", "reduce"),
            # What Step Functions adds.
            *("partition", "range", "hash", "uuid", "parse"),
        ],
    )
)
_PLACED = {"result", "errorOutput"}  # of $states, they are not there everywhere
_RESULT = {"Output", "Assign"}  # where a Task, a Parallel and a Map have a result
_HAVE_RESULT = ("Task", "Parallel", "Map")
Place = tuple[str, ...]


class Reading(NamedTuple):
    """What an expression reads, and what is wrong with it wherever it stands; nothing is read where nothing parses."""

    states: Set[str] = frozenset()
    variables: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()


# Where a text stands, the text, and what it reads if it is code.
Texts = list[tuple[Place, str, Reading | None]]


def expression_faults(name: str, state: Any, found_texts: Texts) -> Iterator[str]:
    """What is wrong with the texts of one state, but for variables."""
    for place, text, found in found_texts:
        if found is None or found.faults or not found.states.isdisjoint(_PLACED):
            for each in _no_code(place, text) if found is None else _faults(place, state, found):
                yield f"state {name!r}, {'.'.join(place)}: {each}"


def _no_code(place: Place, text: str) -> Iterator[str]:
    if text.strip().startswith("{%") or text.strip().endswith("%}"):
        yield "an expression begins with {% and ends with %}, and has no blanks around it"
    elif place[-1] == "Condition":
        yield "a condition is an expression"


def _faults(place: Place, state: Any, found: Reading) -> list[str]:
    faults = list(found.faults)
    if "errorOutput" in found.states and place[0] != "Catch":
        faults.insert(0, "$states has no errorOutput here")
    if "result" in found.states and not (place[0] in _RESULT and state["Type"] in _HAVE_RESULT):
        faults.insert(0, "$states has no result here")
    return faults


def texts(state: Any) -> Texts:
    """Every text of a state that may be an expression, with the names of the fields that lead to it."""
    found: Texts = []
    for key, value in state.items():
        if key not in _NO_TEXT:
            _collect(value, (key,), found)
    return found


_NO_TEXT = {"Type", "Comment", "Resource", "Branches", "ItemProcessor", "Label", "Retry", "Next", "Default"}


def _collect(value: Any, place: Place, found: Texts) -> None:
    if isinstance(value, dict):
        for key, item in value.items():
            if isinstance(item, str):
                if "%" in item or key == "Condition":
                    found.append(((*place, key), item, _read(item)))
            elif item:
                _collect(item, (*place, key), found)
    elif isinstance(value, list):
        for item in value:
            _collect(item, place, found)
    elif isinstance(value, str) and "%" in value:
        found.append((place, value, _read(value)))


def _read(text: str) -> Reading | None:
    """What a text reads if it is code."""
    return reading(text) if text.startswith("{%") and text.endswith("%}") else None


@lru_cache(maxsize=4096)
def reading(text: str) -> Reading:
    """Read an expression, `{%` and `%}` with it."""
    try:
        found = scan(text[2:-2])
    except JsonataSyntaxError as fault:
        return Reading(faults=(str(fault),))
    faults = [f"$states has no {each!r}" for each in sorted(found.states - _STATES)]
    if not _WHOLE.isdisjoint(found.free):
        faults.append("$ and $$ are not known: read $states.input")
    faults += [f"there is no function ${each}" for each in sorted(found.called - FUNCTIONS)]
    return Reading(found.states, tuple(sorted(found.free - _NO_VARIABLES)), tuple(faults))


_STATES = {"input", "context", "result", "errorOutput"}
_WHOLE = {"", "$"}  # $ and $$
_NO_VARIABLES = {"states"} | _WHOLE | FUNCTIONS


def read_variables(found_texts: Texts) -> Iterator[tuple[Place, str]]:
    """Every variable that a state's texts read, with where."""
    for place, _, found in found_texts:
        if found is not None:
            yield from ((place, name) for name in found.variables)
