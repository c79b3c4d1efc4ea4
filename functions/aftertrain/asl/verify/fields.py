"""A state's fields -> unknown fields, missing fields, and values out of bounds.

The fields of each type with JSONata: docs.aws.amazon.com/step-functions/latest/dg/statemachine-structure.html and the
pages of the states below it.
"""

from collections.abc import Iterator
from typing import Any

Json = Any

_ANY = {"Type", "Comment", "QueryLanguage"}
_NEXT = {"Next", "End"}
_DATA = {"Output", "Assign"}
FIELDS = {
    "Task": {
        *_NEXT, *_DATA, "Resource", "Arguments", "Retry", "Catch", "TimeoutSeconds", "HeartbeatSeconds", "Credentials",
    },
    "Parallel": {*_NEXT, *_DATA, "Branches", "Arguments", "Retry", "Catch"},
    "Map": {
        *_NEXT, *_DATA, "Items", "ItemSelector", "ItemProcessor", "MaxConcurrency", "Retry", "Catch", "Label",
        "ItemReader", "ItemBatcher", "ResultWriter", "ToleratedFailureCount", "ToleratedFailurePercentage",
    },
    "Choice": {*_DATA, "Choices", "Default"},
    "Pass": {*_NEXT, *_DATA},
    "Wait": {*_NEXT, *_DATA, "Seconds", "Timestamp"},
    "Succeed": {"Output"},
    "Fail": {"Error", "Cause"},
}  # fmt: skip
_ALLOWED = {kind: names | _ANY for kind, names in FIELDS.items()}
_REQUIRED = {"Task": {"Resource"}, "Parallel": {"Branches"}, "Map": {"ItemProcessor"}, "Choice": {"Choices"}}
_NOTHING: set[str] = set()
_NESTED: dict[str, tuple[set[str], set[str]]] = {
    "Choices": ({"Condition", "Next", "Assign", "Output", "Comment"}, {"Condition", "Next"}),
    "Catch": ({"ErrorEquals", "Next", "Assign", "Output", "Comment"}, {"ErrorEquals", "Next"}),
    "Retry": (
        {
            "ErrorEquals",
            "IntervalSeconds",
            "MaxAttempts",
            "BackoffRate",
            "MaxDelaySeconds",
            "JitterStrategy",
            "Comment",
        },
        {"ErrorEquals"},
    ),
}
_AT_LEAST = {"IntervalSeconds": 1, "MaxAttempts": 0, "BackoffRate": 1, "MaxDelaySeconds": 1}
_COUNTS = {"TimeoutSeconds": 1, "HeartbeatSeconds": 1, "Seconds": 1, "MaxConcurrency": 0}
MAX_ATTEMPTS, MAX_LABEL = 99_999_999, 40


def field_faults(name: str, state: Json) -> list[str]:
    """All faults in the fields of one state."""
    kind = state.get("Type")
    if kind not in FIELDS:
        return [f"state {name!r}: there is no type {kind!r}"]
    faults = _name_faults(kind, state, _ALLOWED[kind], _REQUIRED.get(kind, _NOTHING))
    if "Next" in FIELDS[kind] and ("Next" in state) == ("End" in state):
        faults.append("it has either Next or End")
    for field, (allowed, needed) in _NESTED.items():
        for entry in state.get(field, ()):
            faults += _name_faults(field, entry, allowed, needed)
    if not _COUNTS.keys().isdisjoint(state):
        faults += _count_faults(state)
    for field in ("Retry", "Catch"):
        if field in state:
            faults += _error_faults(field, state[field])
    for retrier in state.get("Retry", ()):
        faults += _retry_faults(retrier)
    faults += _value_faults(state)
    return [f"state {name!r}: {fault}" for fault in faults]


def _value_faults(state: Json) -> Iterator[str]:
    """Values that no state may have, or none of its type, and fields of which a type needs exactly one."""
    if state.get("QueryLanguage", "JSONata") != "JSONata":
        yield "QueryLanguage is JSONata here"
    if state.get("End", True) is not True:
        yield "End is true, or is not there"
    match state["Type"]:
        case "Parallel" if state.get("Branches") == []:
            yield "Branches is empty"
        case "Choice" if state.get("Choices") == []:
            yield "Choices is empty"
        case "Wait" if ("Seconds" in state) == ("Timestamp" in state):
            yield "it has either Seconds or Timestamp"
        case "Map":
            yield from _map_faults(state)


def _map_faults(state: Json) -> Iterator[str]:
    if len(state.get("Label", "")) > MAX_LABEL:
        yield f"Label has more than {MAX_LABEL} characters"
    mode = state.get("ItemProcessor", {}).get("ProcessorConfig", {}).get("Mode", "INLINE")
    if mode not in ("INLINE", "DISTRIBUTED"):
        yield f"there is no Mode {mode!r}"


def _retry_faults(retrier: Json) -> Iterator[str]:
    for field, least in _AT_LEAST.items():
        value = retrier.get(field, least)
        if not isinstance(value, int | float) or value < least or value > MAX_ATTEMPTS:
            yield f"{field} is {value!r}, and at least {least}"
    if retrier.get("JitterStrategy", "FULL") not in ("FULL", "NONE"):
        yield f"there is no JitterStrategy {retrier['JitterStrategy']!r}"
    if retrier.get("MaxDelaySeconds", MAX_ATTEMPTS) <= retrier.get("IntervalSeconds", 1):
        yield "MaxDelaySeconds is not more than IntervalSeconds"


def _name_faults(owner: str, entry: Json, allowed: set[str], needed: set[str]) -> list[str]:
    if entry.keys() <= allowed and entry.keys() >= needed:
        return []
    unknown = [f"{owner} has no field {name!r}" for name in sorted(entry.keys() - allowed)]
    return unknown + [f"{owner} needs {name}" for name in sorted(needed - entry.keys())]


def _count_faults(state: Json) -> Iterator[str]:
    timeout, heartbeat = state.get("TimeoutSeconds"), state.get("HeartbeatSeconds")
    if isinstance(timeout, int) and isinstance(heartbeat, int) and heartbeat >= timeout:
        yield "HeartbeatSeconds is not less than TimeoutSeconds"
    for field, least in _COUNTS.items():
        value = state.get(field)
        if isinstance(value, int) and value < least:
            yield f"{field} is {value}"


def _error_faults(field: str, entries: list[Json]) -> Iterator[str]:
    """`States.ALL` must stand alone, in the last entry."""
    for index, entry in enumerate(entries, 1):
        errors = entry.get("ErrorEquals", [])
        if not errors:
            yield f"{field} names no error"
        if "States.ALL" in errors and (len(errors) > 1 or index < len(entries)):
            yield f"States.ALL stands alone, in the last entry of {field}"
