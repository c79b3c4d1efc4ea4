"""Scopes -> names, transitions and variables that do not fit together.

    {"StartAt": "a", "States": {"a": {"Type": "Pass", "Next": "z"}}}  ->  state 'a': there is no state 'z' in its scope

A variable may be read only if every path to the reader has assigned it; a scope's variables end with the scope. No name
may be assigned both in a scope and in an enclosing one.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from aftertrain.asl.verify.expressions import Texts, read_variables

MAX_NAME = 80
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,79}")
ENDS = ("Succeed", "Fail")


def name_faults(machine: Any) -> Iterator[str]:
    """Names that are too long, or occur twice in the whole machine."""
    names = Counter(name for scope in scopes(machine) for name in scope["States"])
    yield from (
        f"state {name!r}: a name has 1 to {MAX_NAME} characters" for name in names if not 0 < len(name) <= MAX_NAME
    )
    yield from (f"state {name!r}: the name stands {count} times" for name, count in names.items() if count > 1)


def scopes(scope: Any) -> Iterator[Any]:
    """A scope and all scopes inside it."""
    yield scope
    for state in scope["States"].values():
        for inner in inner_scopes(state):
            yield from scopes(inner)


def inner_scopes(state: Any) -> list[Any]:
    """The scopes inside a state."""
    return [*state.get("Branches", ()), *([state["ItemProcessor"]] if "ItemProcessor" in state else [])]


def transition_faults(scope: Any) -> Iterator[str]:
    """Targets that do not exist, states that nothing leads to, scopes that never end."""
    states = scope["States"]
    for name, state in states.items():
        for target in targets(state):
            if target not in states:
                yield f"state {name!r}: there is no state {target!r} in its scope"
    reached = _reachable_states(scope)
    yield from (f"state {name!r}: nothing leads to it" for name in states if name not in reached)
    if scope["StartAt"] not in states:
        yield f"there is no state {scope['StartAt']!r} to start at"
    if not any("End" in state or state.get("Type") in ENDS for state in states.values()):
        yield f"the scope that starts at {scope['StartAt']!r} never ends"


def _reachable_states(scope: Any) -> set[str]:
    """The states that can be reached from the first one."""
    visited: set[str] = set()
    pending = [scope["StartAt"]]
    while pending:
        name = pending.pop()
        if name not in visited:
            visited.add(name)
            pending += targets(scope["States"].get(name, {}))
    return visited


def targets(state: Any) -> Iterator[str]:
    """Where a state may lead."""
    for entry in (state, *state.get("Choices", ()), *state.get("Catch", ())):
        if "Next" in entry:
            yield entry["Next"]
    if "Default" in state:
        yield state["Default"]


def variable_faults(
    scope: Any,
    found_texts: Mapping[str, Texts],
    outside: frozenset[str] = frozenset(),
    around: frozenset[str] = frozenset(),
) -> Iterator[str]:
    """Variables without a value, and names that shadow others; `around`: all names of the enclosing scopes."""
    moves = {name: list(assigned(state)) for name, state in scope["States"].items()}
    local = {name for state_moves in moves.values() for _, names in state_moves for name in names}
    yield from (f"variable {name!r}: it is assigned in a branch and outside of it" for name in sorted(local & around))
    yield from (f"variable {name!r}: the name is not free" for name in sorted(local & {"states"}))
    yield from (f"variable {name!r}: it is no name" for name in sorted(local) if not _VARIABLE.fullmatch(name))
    defined = _definite_values(scope["StartAt"], moves, outside)
    for name, state in scope["States"].items():
        if name not in defined:
            continue
        for path, variable in read_variables(found_texts[name]):
            if variable not in defined[name]:
                yield f"state {name!r}, {'.'.join(path)}: ${variable} may have no value"
        distributed = state.get("ItemProcessor", {}).get("ProcessorConfig", {}).get("Mode") == "DISTRIBUTED"
        for inner in inner_scopes(state):
            visible = frozenset() if distributed else defined[name]
            yield from variable_faults(inner, found_texts, visible, frozenset() if distributed else around | local)


Move = tuple[str, Collection[str]]  # the next state and the assigned names; the end of a scope has no name


def assigned(state: Any) -> Iterator[Move]:
    """Every exit of a state."""
    target = state.get("Default" if state.get("Type") == "Choice" else "Next", "")
    yield target, state.get("Assign", ())
    for entry in (*state.get("Choices", ()), *state.get("Catch", ())):
        yield entry.get("Next", ""), entry.get("Assign", ())


def _definite_values(start: str, moves: Mapping[str, list[Move]], outside: frozenset[str]) -> dict[str, frozenset[str]]:
    """The variables with a value when each state begins: those that every path to it has assigned."""
    defined = {start: outside}
    pending = [start]
    while pending:
        name = pending.pop()
        for target, names in moves.get(name, ()):
            after = defined[name].union(names)
            merged = after if target not in defined else defined[target] & after
            if merged != defined.get(target):
                defined[target] = merged
                pending.append(target)
    return defined
