"""Graph -> region tree: exact series-parallel decomposition.

    a; b needs a; c needs a; d needs b, c  ->  Series(a, Parallel(b, c), d)

Works on the order "comes before", which is the transitive closure of the dependencies. A set of steps whose
comparability graph falls apart runs in parallel; one whose incomparability graph falls apart runs in series; one for
which neither does holds an N (a before c, b before c and d, nothing else), and no nesting of Parallel states can have
each step wait for exactly its own dependencies. Nothing is approximated: an N is reported, with its four steps.
"""

from collections.abc import Callable
from dataclasses import dataclass
from graphlib import TopologicalSorter
from itertools import permutations

from aftertrain.compiler.diagnostics import Diagnostic
from aftertrain.compiler.link import Graph

Order = dict[str, frozenset[str]]  # a step -> every step that comes before it


@dataclass(frozen=True, slots=True)
class Leaf:
    """One step."""

    id: str


@dataclass(frozen=True, slots=True)
class Series:
    """Regions one after the other; none of them is a Series itself."""

    items: "tuple[Region, ...]"


@dataclass(frozen=True, slots=True)
class Side:
    """Regions side by side; none of them is a Side itself."""

    items: "tuple[Region, ...]"


Region = Leaf | Series | Side


class NotSeriesParallelError(Exception):
    """The steps hold an N; `steps` are a, b, c, d of it."""

    def __init__(self, steps: tuple[str, str, str, str]) -> None:
        super().__init__(steps)
        self.steps = steps


def nest(graph: Graph) -> tuple[Region | None, list[Diagnostic]]:
    """The region tree, or why there is none."""
    order = closure(graph)
    try:
        return _region(tuple(graph.nodes), order), []
    except NotSeriesParallelError as error:
        a, b, c, d = error.steps
        message = (
            f"{c!r} waits for {a!r} and {b!r}, while {d!r} waits for {b!r} but not for {a!r}: "
            "such a crossing cannot be compiled yet"
        )
        hint = f"let {d!r} depend on {a!r} as well, or {c!r} not on {b!r}"
        index = list(graph.nodes).index(d)
        return None, [Diagnostic("AT401", ("steps", index), message, hint)]


def steps_in(region: Region) -> list[str]:
    """The ids of all steps in a region, in the order of the tree."""
    if isinstance(region, Leaf):
        return [region.id]
    return [step for item in region.items for step in steps_in(item)]


def closure(graph: Graph) -> Order:
    """Every step that comes before each step, directly or not."""
    before: Order = {}
    for step in TopologicalSorter({node.id: node.needs for node in graph.nodes.values()}).static_order():
        needs = graph.nodes[step].needs
        before[step] = frozenset(needs).union(*(before[need] for need in needs))
    return before


def _region(steps: tuple[str, ...], order: Order) -> Region:
    if len(steps) == 1:
        return Leaf(steps[0])
    apart = _components(steps, lambda one, other: _ordered(one, other, order))
    if len(apart) > 1:
        return Side(tuple(_region(part, order) for part in apart))
    stages = _components(steps, lambda one, other: not _ordered(one, other, order))
    if len(stages) > 1:
        stages.sort(key=lambda stage: len(order[stage[0]].intersection(steps)))
        return Series(tuple(_region(stage, order) for stage in stages))
    raise NotSeriesParallelError(_crossing(steps, order))


def _ordered(one: str, other: str, order: Order) -> bool:
    return one in order[other] or other in order[one]


def _components(steps: tuple[str, ...], joined: Callable[[str, str], bool]) -> list[tuple[str, ...]]:
    """The connected components, each in the order of the definition, ordered by their first steps."""
    left = list(steps)
    components = []
    while left:
        component, frontier = set[str](), [left[0]]
        while frontier:
            step = frontier.pop()
            component.add(step)
            frontier += [other for other in left if other not in component and joined(step, other)]
        components.append(tuple(step for step in left if step in component))
        left = [step for step in left if step not in component]
    return components


def _crossing(steps: tuple[str, ...], order: Order) -> tuple[str, str, str, str]:
    for b, c, d in permutations(steps, 3):
        if b in order[c] and b in order[d] and not _ordered(c, d, order):
            for a in steps:
                apart = not _ordered(a, b, order) and not _ordered(a, d, order)
                if a in order[c] and a != d and apart:
                    return a, b, c, d
    raise AssertionError("a set of steps that is neither in series nor in parallel holds an N")
