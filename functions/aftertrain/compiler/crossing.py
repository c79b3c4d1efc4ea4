"""Weave -> chains that run side by side and wait for each other at latches.

    a; b; c needs a; d needs a, b   ->  [a, Publish(a -> d), c]  beside  [b, Await(d, from a), d]

Each region lies on one chain, behind one of those that it directly follows, so that only the others have to be waited
for; as few chains as possible (a maximum matching). A chain follows the order, so no two can wait for each other.

A latch carries records: of the steps that it stands for, and of earlier ones that are read behind it and that its
reader could not see otherwise.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from graphlib import TopologicalSorter

from aftertrain.compiler.graph import Graph
from aftertrain.compiler.nest import CrossingRegion, Region, SeriesRegion


@dataclass(frozen=True, slots=True)
class Publish:
    """Says that `source` is over to the latch of `target`, one of `sources` that do, with the records of `steps`."""

    source: str
    target: str
    steps: tuple[str, ...]
    sources: int


@dataclass(frozen=True, slots=True)
class Await:
    """Waits at the latch of `target` for all `sources`; `steps[i]` are those whose records `sources[i]` sends."""

    target: str
    sources: tuple[str, ...]
    steps: tuple[tuple[str, ...], ...]


Item = Region | Publish | Await
Lane = tuple[Item, ...]


@dataclass(slots=True)
class _LanePlan:
    """The weave's regions on their chains, while it is found out which records have to go where."""

    weave: CrossingRegion
    graph: Graph
    behind: dict[int, int]
    inside: list[set[str]]
    wanted: list[set[str]]
    order: dict[str, int]
    names: list[str]
    latest_first: list[int]
    sent: dict[tuple[int, int], set[str]] = field(default_factory=dict)
    waits: Counter[int] = field(default_factory=Counter)


def lanes(crossing: CrossingRegion, graph: Graph, outside: Callable[[str], bool]) -> tuple[Lane, ...]:
    """The chains of a weave; `outside` tells the steps whose records all of them see anyway."""
    lanes = _LanePlan(
        crossing,
        graph,
        _matching(crossing.needs),
        [set(item.steps) for item in crossing.items],
        [],
        {step: index for index, step in enumerate(graph.nodes)},
        [_name(item) for item in crossing.items],
        [*TopologicalSorter(dict(enumerate(crossing.needs))).static_order()][::-1],
    )
    lanes.wanted = [_needed_records(steps, graph, outside) for steps in lanes.inside]
    _carry(lanes)
    ahead = {source: target for target, source in lanes.behind.items()}
    starts = [position for position in range(len(crossing.items)) if position not in lanes.behind]
    targets: dict[int, list[int]] = {}
    for source, target in sorted(lanes.sent):
        targets.setdefault(source, []).append(target)
        lanes.waits[target] += 1
    return tuple(_build_lane(start, ahead, targets, lanes) for start in starts)


def _matching(needs: tuple[tuple[int, ...], ...]) -> dict[int, int]:
    """Whom each follows on its chain; no one is followed twice. Kuhn's algorithm, in the order of the definition."""
    follower: dict[int, int] = {}

    def assign(position: int, tried: set[int]) -> bool:
        for need in needs[position]:
            if need not in tried:
                tried.add(need)
                if need not in follower or assign(follower[need], tried):
                    follower[need] = position
                    return True
        return False

    for position in range(len(needs)):
        assign(position, set())
    return {after: before for before, after in follower.items()}


def _needed_records(steps: set[str], graph: Graph, outside: Callable[[str], bool]) -> set[str]:
    return {need for step in steps for need in graph.record_needs(step) if need not in steps and not outside(need)}


def _carry(lanes: _LanePlan) -> None:
    """From the last region to the first: what is wanted is asked of the chain, or else of a latch."""
    ancestors = _closure(lanes)
    owners = {step: position for position, inside in enumerate(lanes.inside) for step in inside}
    for position in lanes.latest_first:
        remote = [need for need in lanes.weave.needs[position] if need != lanes.behind.get(position)]
        lanes.sent |= {(need, position): set() for need in remote}
        for step in sorted(lanes.wanted[position]):
            owner = owners[step]
            sender = _find_sender(owner, position, remote, lanes, ancestors)
            if sender in remote:
                lanes.sent[sender, position].add(step)
            if sender != owner:
                lanes.wanted[sender].add(step)


def _find_sender(owner: int, position: int, remote: list[int], lanes: _LanePlan, ancestors: list[set[int]]) -> int:
    """Who hands a step's record on: the one ahead on the chain if it can, else the first latch that can."""
    ahead = lanes.behind.get(position)
    senders = [*([ahead] if ahead is not None else []), *remote]
    return next(sender for sender in senders if sender == owner or owner in ancestors[sender])


def _closure(lanes: _LanePlan) -> list[set[int]]:
    needs = lanes.weave.needs
    closure: list[set[int]] = [set() for _ in needs]
    for position in reversed(lanes.latest_first):
        closure[position] = set(needs[position]).union(*(closure[need] for need in needs[position]))
    return closure


def _build_lane(start: int, ahead: dict[int, int], targets: dict[int, list[int]], lanes: _LanePlan) -> Lane:
    """`told`: whose latches each of the regions tells that it is over."""
    items: list[Item] = []
    position: int | None = start
    names = lanes.names
    while position is not None:
        sources = [need for need in lanes.weave.needs[position] if (need, position) in lanes.sent]
        if sources:
            records = tuple(_sort_steps(lanes.sent[need, position], lanes) for need in sources)
            items.append(Await(names[position], tuple(names[need] for need in sources), records))
        region = lanes.weave.items[position]
        items += region.items if isinstance(region, SeriesRegion) else [region]
        for target in targets.get(position, ()):
            steps = _sort_steps(lanes.sent[position, target], lanes)
            items.append(Publish(names[position], names[target], steps, lanes.waits[target]))
        position = ahead.get(position)
    return tuple(items)


def _name(region: Region) -> str:
    """What a region is called at its latch: its first step, and how many more there are.

    A weave may lie in a region of another one and begin with the same step; it has fewer of them.
    """
    extra = len(region.steps) - 1
    return f"{region.steps[0]} +{extra}" if extra else region.steps[0]


def _sort_steps(steps: set[str], lanes: _LanePlan) -> tuple[str, ...]:
    return tuple(sorted(steps, key=lanes.order.__getitem__))
