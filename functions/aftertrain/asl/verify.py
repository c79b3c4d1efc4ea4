"""Machine -> what Step Functions would refuse in it.

The compiler checks its own output: what is found here is a bug of the compiler, or a quota that a definition exceeds.
Names are unique over the whole definition, every transition has a target, every state is reached, every scope ends.
"""

from collections import Counter
from collections.abc import Iterator

from aftertrain.asl.emit import emit
from aftertrain.asl.states import Choice, Machine, Pass, Scope, State, Task, Wait, scopes_of, targets

MAX_BYTES = 1_048_576
MAX_NAME = 80


def verify(machine: Machine) -> list[str]:
    """Every fault, in words; an empty list is a sound machine."""
    size = len(emit(machine).encode())
    faults = [f"the definition has {size} bytes; at most {MAX_BYTES} are allowed"] if size > MAX_BYTES else []
    names = Counter(name for scope in _scopes(machine.scope) for name in scope.states)
    faults += [f"state {name!r}: the name is longer than {MAX_NAME}" for name in names if len(name) > MAX_NAME]
    faults += [f"state {name!r}: the name stands {count} times" for name, count in names.items() if count > 1]
    faults += [fault for scope in _scopes(machine.scope) for fault in _scope_faults(scope)]
    return faults + list(_shadowed(machine.scope, frozenset()))


def _scopes(scope: Scope) -> Iterator[Scope]:
    yield scope
    for state in scope.states.values():
        for branch in scopes_of(state):
            yield from _scopes(branch)


def _shadowed(scope: Scope, outside: frozenset[str]) -> Iterator[str]:
    """Variables that are assigned in a branch and outside of it; both before and after the Parallel count."""
    own = {name for state in scope.states.values() for name in _assigned(state)}
    yield from (f"variable {name!r}: it is assigned in a branch and outside of it" for name in sorted(own & outside))
    for state in scope.states.values():
        for branch in scopes_of(state):
            yield from _shadowed(branch, outside | own)


def _assigned(state: State) -> Iterator[str]:
    match state:
        case Task(assign=assign, catch=catch):
            yield from assign
            for catcher in catch:
                yield from catcher.assign
        case Pass(assign=assign) | Wait(assign=assign):
            yield from assign
        case Choice(rules=rules):
            for rule in rules:
                yield from rule.assign


def _scope_faults(scope: Scope) -> Iterator[str]:
    reached = {scope.start}
    for name, state in scope.states.items():
        for target in targets(state):
            reached.add(target)
            if target not in scope.states:
                yield f"state {name!r}: there is no state {target!r} in its scope"
    yield from (f"state {name!r}: nothing leads to it" for name in scope.states if name not in reached)
    if scope.start not in scope.states:
        yield f"there is no state {scope.start!r} to start at"
    if not any(_ends(state) for state in scope.states.values()):
        yield f"the scope that starts at {scope.start!r} never ends"


def _ends(state: State) -> bool:
    return not isinstance(state, Choice) and state.next is None
