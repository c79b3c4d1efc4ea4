"""A definition with a wrong shape -> a readable one, so that its other mistakes are found too.

    {id: a, action: log, retry: {max_attempts: many}, params: {message: "{{ steps.zz.output }}"}}
    ->  the same without `retry`; the reference to a missing step is reported along with it

A repair removes or fills in only what makes no other diagnostic appear or disappear. Diagnostics about a repaired part
itself are dropped, because they are about the repair.
"""

import copy
import re
from typing import Any

from pydantic_core import ErrorDetails

from aftertrain.compiler.diagnostics import Place

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,47}")  # a parameter's name
FREE = frozenset(
    {"$schema", "name", "description", "settings", "retry", "timeout_seconds", "compute", "outputs"}
    | {"depends_on", "condition", "on_failure", "max_concurrency", "max_items"}
    | {"where", "filter", "enabled", "priority", "assemble", "order", "debounce", "rate", "concurrency"}
)


def repair(value: Any, mistakes: list[ErrorDetails]) -> Any | None:
    """The value without unknown keys and wrong values; None if a required one cannot be replaced."""
    result = copy.deepcopy(value)
    unfilled = [mistake for mistake in mistakes if not _fill(result, mistake["loc"], mistake["type"])]
    paths = [error["loc"] if error["type"] == "extra_forbidden" else _free_prefix(error["loc"]) for error in unfilled]
    if not all(paths):
        return None
    for path in paths:
        _remove(result, path)
    return result


def _fill(value: Any, where: Place, kind: str) -> bool:
    """Fill in a required field; False if the mistake is another one."""
    match where:
        case ("steps" | "on_failure" as key, int() as index, "id") if kind != "string_too_long":
            _rename(value[key], value[key][index], f"unnamed-{key}-{index}")
        case ("steps" | "on_failure" as key, int() as index, "action"):
            value[key][index]["action"] = "unknown"
        case ("steps" | "on_failure" as key, int() as index, "params"):
            value[key][index]["params"] = {}
        case ("steps" | "on_failure" as key, int() as index, "condition", *_):
            value[key][index]["condition"] = "?"  # unreadable, so it may be anything
        case ("parameters", int() as index, *_):
            value["parameters"][index] = {"name": _name_of(value["parameters"][index], f"unnamed_{index}")}
        case ("steps" | "on_failure" as key, int() as index, "foreach", "items", *_):
            value[key][index]["foreach"]["items"] = []
        case ("triggers", int() as index, "event_type"):
            value["triggers"][index]["event_type"] = (
                "unknown.unknown"  # an unknown type, whose events may have any field
            )
        case _:
            return False
    return True


def _name_of(parameter: Any, otherwise: str) -> str:
    name = parameter.get("name") if isinstance(parameter, dict) else None
    return name if isinstance(name, str) and NAME.fullmatch(name) else otherwise


def _rename(steps: list[Any], step: dict[str, Any], name: str) -> None:
    """Rename a step whose name no template can read."""
    old, step["id"] = step.get("id"), name
    for entry in steps:
        if isinstance(entry, dict) and isinstance(entry.get("depends_on"), list):
            entry["depends_on"] = [need for need in entry["depends_on"] if need != old]


def _free_prefix(where: Place) -> Place:
    """The path of the innermost key that can be removed; () if there is none."""
    return where[: next((end for end in range(len(where), 0, -1) if where[end - 1] in FREE), 0)]


def _remove(value: Any, where: Place) -> None:
    """Remove a key, which may be gone with its parent already."""
    *parents, last = where
    for part in parents:
        if isinstance(value, dict) and part not in value:
            return
        value = value[part]
    value.pop(last, None)
