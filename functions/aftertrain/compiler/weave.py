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
from aftertrain.compiler.nest import Region, Series, Weave


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
Chain = tuple[Item, ...]


@dataclass(slots=True)
class _Threads:
    """The weave's regions on their chains, while it is found out which records have to go where."""

    weave: Weave
    graph: Graph
    behind: dict[int, int]
    inside: list[set[str]]
    wanted: list[set[str]]
    order: dict[str, int]
    names: list[str]
    latest_first: list[int]
    sent: dict[tuple[int, int], set[str]] = field(default_factory=dict)
    waits: Counter[int] = field(default_factory=Counter)


def chains(weave: Weave, graph: Graph, outside: Callable[[str], bool]) -> tuple[Chain, ...]:
    """The chains of a weave; `outside` tells the steps whose records all of them see anyway."""
    threads = _Threads(
        weave,
        graph,
        _matching(weave.needs),
        [set(item.steps) for item in weave.items],
        [],
        {step: index for index, step in enumerate(graph.nodes)},
        [_name(item) for item in weave.items],
        [*TopologicalSorter(dict(enumerate(weave.needs))).static_order()][::-1],
    )
    threads.wanted = [_wanted(steps, graph, outside) for steps in threads.inside]
    _carry(threads)
    ahead = {before: after for after, before in threads.behind.items()}
    starts = [place for place in range(len(weave.items)) if place not in threads.behind]
    told: dict[int, list[int]] = {}
    for before, after in sorted(threads.sent):
        told.setdefault(before, []).append(after)
        threads.waits[after] += 1
    return tuple(_chain(start, ahead, told, threads) for start in starts)


def _matching(needs: tuple[tuple[int, ...], ...]) -> dict[int, int]:
    """Whom each follows on its chain; no one is followed twice. Kuhn's algorithm, in the order of the definition."""
    follower: dict[int, int] = {}

    def place(item: int, tried: set[int]) -> bool:
        for need in needs[item]:
            if need not in tried:
                tried.add(need)
                if need not in follower or place(follower[need], tried):
                    follower[need] = item
                    return True
        return False

    for item in range(len(needs)):
        place(item, set())
    return {after: before for before, after in follower.items()}


def _wanted(steps: set[str], graph: Graph, outside: Callable[[str], bool]) -> set[str]:
    return {need for step in steps for need in graph.wanted(step) if need not in steps and not outside(need)}


def _carry(threads: _Threads) -> None:
    """From the last region to the first: what is wanted is asked of the chain, or else of a latch."""
    before = _closure(threads)
    owners = {step: place for place, inside in enumerate(threads.inside) for step in inside}
    for place in threads.latest_first:
        remote = [need for need in threads.weave.needs[place] if need != threads.behind.get(place)]
        threads.sent |= {(need, place): set() for need in remote}
        for step in sorted(threads.wanted[place]):
            owner = owners[step]
            giver = _giver(owner, place, remote, threads, before)
            if giver in remote:
                threads.sent[giver, place].add(step)
            if giver != owner:
                threads.wanted[giver].add(step)


def _giver(owner: int, place: int, remote: list[int], threads: _Threads, before: list[set[int]]) -> int:
    """Who hands a step's record on: the one ahead on the chain if it can, else the first latch that can."""
    ahead = threads.behind.get(place)
    givers = [*([ahead] if ahead is not None else []), *remote]
    return next(giver for giver in givers if giver == owner or owner in before[giver])


def _closure(threads: _Threads) -> list[set[int]]:
    needs = threads.weave.needs
    found: list[set[int]] = [set() for _ in needs]
    for place in reversed(threads.latest_first):
        found[place] = set(needs[place]).union(*(found[need] for need in needs[place]))
    return found


def _chain(start: int, ahead: dict[int, int], told: dict[int, list[int]], threads: _Threads) -> Chain:
    """`told`: whose latches each of the regions tells that it is over."""
    items: list[Item] = []
    place: int | None = start
    names = threads.names
    while place is not None:
        sources = [need for need in threads.weave.needs[place] if (need, place) in threads.sent]
        if sources:
            records = tuple(_in_order(threads.sent[need, place], threads) for need in sources)
            items.append(Await(names[place], tuple(names[need] for need in sources), records))
        region = threads.weave.items[place]
        items += region.items if isinstance(region, Series) else [region]
        for target in told.get(place, ()):
            steps = _in_order(threads.sent[place, target], threads)
            items.append(Publish(names[place], names[target], steps, threads.waits[target]))
        place = ahead.get(place)
    return tuple(items)


def _name(region: Region) -> str:
    """What a region is called at its latch: its first step, and how many more there are.

    A weave may lie in a region of another one and begin with the same step; it has fewer of them.
    """
    more = len(region.steps) - 1
    return f"{region.steps[0]} +{more}" if more else region.steps[0]


def _in_order(steps: set[str], threads: _Threads) -> tuple[str, ...]:
    return tuple(sorted(steps, key=threads.order.__getitem__))
