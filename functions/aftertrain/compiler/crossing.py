"""Crossing region -> lanes that run side by side and wait for each other at latches.

    a; b; c needs a; d needs a, b   ->  [a, Publish(a -> d), c]  beside  [b, Await(d, from a), d]

Each region lies on one lane, behind one of the regions that it directly follows; it waits at a latch for the others. A
maximum matching makes the number of lanes minimal. Lanes follow the order of the steps, so they cannot deadlock.

A latch carries the records of its source steps, and of earlier steps that its readers could not see otherwise.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from graphlib import TopologicalSorter

from aftertrain.compiler.graph import Graph
from aftertrain.compiler.nest import CrossingRegion, Region, SeriesRegion


@dataclass(frozen=True, slots=True)
class Publish:
    """Reports the end of `source` at the latch of `target`, one of `sources` reports, with the records of `steps`."""

    source: str
    target: str
    steps: tuple[str, ...]
    sources: int


@dataclass(frozen=True, slots=True)
class Await:
    """Waits at the latch of `target` for all `sources`; `sources[i]` sends the records of `steps[i]`."""

    target: str
    sources: tuple[str, ...]
    steps: tuple[tuple[str, ...], ...]


Item = Region | Publish | Await
Lane = tuple[Item, ...]


@dataclass(slots=True)
class _LanePlan:
    """The regions on their lanes, while the records to send are being determined."""

    region: CrossingRegion
    graph: Graph
    behind: dict[int, int]
    inside: list[set[str]]
    reads: list[set[str]]
    order: dict[str, int]
    names: list[str]
    latest_first: list[int]
    sent: dict[tuple[int, int], set[str]] = field(default_factory=dict)
    waits: Counter[int] = field(default_factory=Counter)


def lanes(crossing: CrossingRegion, graph: Graph, outside: Callable[[str], bool]) -> tuple[Lane, ...]:
    """The lanes of a crossing region; `outside` tells which steps' records all lanes see anyway."""
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
    lanes.reads = [_needed_records(steps, graph, outside) for steps in lanes.inside]
    _carry(lanes)
    ahead = {source: target for target, source in lanes.behind.items()}
    starts = [position for position in range(len(crossing.items)) if position not in lanes.behind]
    targets: dict[int, list[int]] = {}
    for source, target in sorted(lanes.sent):
        targets.setdefault(source, []).append(target)
        lanes.waits[target] += 1
    return tuple(_build_lane(start, ahead, targets, lanes) for start in starts)


def _matching(needs: tuple[tuple[int, ...], ...]) -> dict[int, int]:
    """The region that each one follows on its lane; each is followed once. Kuhn's algorithm, in definition order."""
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
    """From the last region to the first: get needed records from the lane, or else from a latch."""
    ancestors = _closure(lanes)
    owners = {step: position for position, inside in enumerate(lanes.inside) for step in inside}
    for position in lanes.latest_first:
        remote = [need for need in lanes.region.needs[position] if need != lanes.behind.get(position)]
        lanes.sent |= {(need, position): set() for need in remote}
        for step in sorted(lanes.reads[position]):
            owner = owners[step]
            sender = _find_sender(owner, position, remote, lanes, ancestors)
            if sender in remote:
                lanes.sent[sender, position].add(step)
            if sender != owner:
                lanes.reads[sender].add(step)


def _find_sender(owner: int, position: int, remote: list[int], lanes: _LanePlan, ancestors: list[set[int]]) -> int:
    """The region that passes a record on: the previous one on the lane if it can, else the first latch that can."""
    ahead = lanes.behind.get(position)
    senders = [*([ahead] if ahead is not None else []), *remote]
    return next(sender for sender in senders if sender == owner or owner in ancestors[sender])


def _closure(lanes: _LanePlan) -> list[set[int]]:
    needs = lanes.region.needs
    closure: list[set[int]] = [set() for _ in needs]
    for position in reversed(lanes.latest_first):
        closure[position] = set(needs[position]).union(*(closure[need] for need in needs[position]))
    return closure


def _build_lane(start: int, ahead: dict[int, int], targets: dict[int, list[int]], lanes: _LanePlan) -> Lane:
    """One lane; `targets`: the regions at whose latches each region reports its end."""
    items: list[Item] = []
    position: int | None = start
    names = lanes.names
    while position is not None:
        sources = [need for need in lanes.region.needs[position] if (need, position) in lanes.sent]
        if sources:
            records = tuple(_sort_steps(lanes.sent[need, position], lanes) for need in sources)
            items.append(Await(names[position], tuple(names[need] for need in sources), records))
        region = lanes.region.items[position]
        items += region.items if isinstance(region, SeriesRegion) else [region]
        for target in targets.get(position, ()):
            steps = _sort_steps(lanes.sent[position, target], lanes)
            items.append(Publish(names[position], names[target], steps, lanes.waits[target]))
        position = ahead.get(position)
    return tuple(items)


def _name(region: Region) -> str:
    """A region's name at its latch: its first step, and the number of further steps.

    A nested crossing region may begin with the same step, but has fewer steps.
    """
    extra = len(region.steps) - 1
    return f"{region.steps[0]} +{extra}" if extra else region.steps[0]


def _sort_steps(steps: set[str], lanes: _LanePlan) -> tuple[str, ...]:
    return tuple(sorted(steps, key=lanes.order.__getitem__))
