"""Machine -> the transitions, history events and cost of an execution.

    measure(machine)  ->  Measure(transitions=6, max_transitions=41, max_events=188, writes=0, …)

`transitions` counts an execution in which every step runs once and nothing fails: the longest path, with the rarer ends
of each Choice. The `max_…` counts add every written retry; each attempt of a Task is three events, or four if it waits
for an answer, and each state is two more. Retries for transient errors of AWS, such as throttling, are not counted. A
wait at a latch is retried every few hours, as long as the machine may run.
"""

from collections.abc import Callable
from dataclasses import dataclass

from aftertrain.asl.postorder import postorder
from aftertrain.asl.states import Choice, Fail, Machine, Map, Parallel, Scope, State, Task, targets

MAX_EVENTS = 25_000
TRANSITION_DOLLARS = 25.0 / 1_000_000  # Standard workflows in us-east-1, November 2026
WRITE_DOLLARS = 0.625 / 1_000_000  # DynamoDB on demand, a write of up to 1 KB
INVOCATION_DOLLARS = 0.20 / 1_000_000  # Lambda, without its duration
DEFAULT_SECONDS = 7 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Measure:
    """The counts of an execution; `writes` go to latches."""

    transitions: int
    max_transitions: int
    max_events: int
    writes: int
    invocations: int

    @property
    def dollars(self) -> float:
        """The cost if every step runs once, without jobs and the duration of functions."""
        return (
            self.transitions * TRANSITION_DOLLARS + self.writes * WRITE_DOLLARS + self.invocations * INVOCATION_DOLLARS
        )


def max_events(machine: Machine) -> int:
    """The largest possible number of history events; items that are executions have histories of their own."""
    seconds = machine.timeout or DEFAULT_SECONDS
    return 2 + _longest(machine.scope, lambda state: _events(state, seconds), failures=True, apart=False)


def events_of_all(machine: Machine) -> int:
    """An upper bound of `max_events` that is much faster to compute: it puts every state on the longest path."""
    seconds = machine.timeout or DEFAULT_SECONDS

    def count(scope: Scope) -> int:
        return sum(_events(state, seconds) + _nested(state, count, apart=False) for state in scope.states.values())

    return 2 + count(machine.scope)


def measure(machine: Machine) -> Measure:
    """Count along the longest path through the machine."""
    seconds = machine.timeout or DEFAULT_SECONDS
    return Measure(
        transitions=_longest(machine.scope, lambda _: 1, failures=False),
        max_transitions=_longest(machine.scope, lambda state: _attempts(state, seconds), failures=True),
        max_events=max_events(machine),
        writes=_longest(machine.scope, _writes, failures=False),
        invocations=_longest(machine.scope, _invocations, failures=False),
    )


def _longest(scope: Scope, weigh: Callable[[State], int], *, failures: bool, apart: bool = True) -> int:
    """The heaviest path from the first state to an end; a retry's way back is not counted twice.

    `apart`: also count items that are executions of their own.
    """

    def nested(scope: Scope) -> int:
        return _longest(scope, weigh, failures=failures, apart=apart)

    best: dict[str, int] = {}
    for name in postorder(scope.start, lambda name: _next_states(scope.states[name], failures=failures), set()):
        state = scope.states[name]
        following = (best[target] for target in _next_states(state, failures=failures) if target in best)
        best[name] = weigh(state) + _nested(state, nested, apart=apart) + max(following, default=0)
    return best[scope.start]


def _next_states(state: State, *, failures: bool) -> list[str]:
    if failures or isinstance(state, Choice):
        return targets(state)
    return [state.next] if state.next else []


def _nested(state: State, weigh_scope: Callable[[Scope], int], *, apart: bool) -> int:
    match state:
        case Parallel(branches=branches):
            return sum(map(weigh_scope, branches))
        case Map(scope=scope, max_items=max_items, label=label) if label is None or apart:
            return max_items * weigh_scope(scope)
        case _:
            return 0


def _attempts(state: State, seconds: int) -> int:
    """How often a state's own retries may enter it."""
    if not isinstance(state, Task):
        return 1
    times_out = seconds // max(state.timeout or 1, 1) + 1
    return 1 + sum(
        min(retrier.attempts, times_out) if retrier.uses_time_limit else retrier.attempts
        for retrier in state.retry
        if not retrier.transient
    )


def _events(state: State, seconds: int) -> int:
    match state:
        case Task():
            waits = state.resource.endswith((".sync", ".sync:2", ".waitForTaskToken"))
            return 2 + (4 if waits else 3) * _attempts(state, seconds)
        case Parallel():
            return 4
        case Map(max_items=max_items, label=None):
            return 4 + 2 * max_items
        case Map():
            return 6
        case Fail():
            return 1
        case _:
            return 2


def _writes(state: State) -> int:
    return int(isinstance(state, Task) and "dynamodb:updateItem" in state.resource)


def _invocations(state: State) -> int:
    return int(isinstance(state, Task) and "lambda:invoke" in state.resource)
