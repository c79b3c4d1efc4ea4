"""Graph -> region tree: exact series-parallel decomposition, with crossing regions where that is impossible.

    a; b needs a; c needs a; d needs b, c       ->  SeriesRegion(a, ParallelRegion(b, c), d)
    a; b; c needs a; d needs a, b               ->  CrossingRegion, which nesting alone cannot express

Works on the order "comes before", the transitive closure of the dependencies, as bit sets. Steps with an unconnected
comparability graph run side by side; with an unconnected incomparability graph, in series. Otherwise the largest
modules are found (sets of steps that all other steps relate to alike), and `crossing` arranges them. Nothing is
approximated: each step waits for exactly its own dependencies.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from aftertrain.compiler.graph import Graph


@dataclass(frozen=True, slots=True)
class StepRegion:
    """One step."""

    id: str

    @property
    def steps(self) -> tuple[str, ...]:
        """The step's id."""
        return (self.id,)


@dataclass(frozen=True)
class _CompositeRegion:
    """A region made of regions."""

    items: "tuple[Region, ...]"

    @cached_property
    def steps(self) -> tuple[str, ...]:
        """The ids of all its steps, in tree order."""
        return tuple(step for item in self.items for step in item.steps)


@dataclass(frozen=True)
class SeriesRegion(_CompositeRegion):
    """Regions one after the other; none of them is a series itself."""


@dataclass(frozen=True)
class ParallelRegion(_CompositeRegion):
    """Regions side by side; none of them is parallel itself."""


@dataclass(frozen=True)
class CrossingRegion(_CompositeRegion):
    """Regions with crossing dependencies; `needs[i]` are the indices of the regions right before `items[i]`."""

    needs: tuple[tuple[int, ...], ...]


Region = StepRegion | SeriesRegion | ParallelRegion | CrossingRegion


def nest(graph: Graph) -> Region:
    """The region tree."""
    order = _Order(graph)
    return _region((1 << len(order.steps)) - 1, order)


class _Order:
    """The predecessors, the successors and their union for each step, as bit sets in definition order."""

    def __init__(self, graph: Graph) -> None:
        self.steps = list(graph.nodes)
        index = {step: position for position, step in enumerate(self.steps)}
        self.before = [0] * len(self.steps)
        self.after = [0] * len(self.steps)
        edges = [(index[step], [index[need] for need in graph.nodes[step].needs]) for step in graph.order]
        for position, needs in edges:
            for need in needs:
                self.before[position] |= self.before[need] | 1 << need
        for position, needs in reversed(edges):
            for need in needs:
                self.after[need] |= self.after[position] | 1 << position
        self.related = [before | after for before, after in zip(self.before, self.after, strict=True)]


def lowest(mask: int) -> int:
    """The index of the lowest set bit."""
    return (mask & -mask).bit_length() - 1


def bits(mask: int) -> Iterator[int]:
    """The indices of the set bits, in order."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def _region(steps: int, order: _Order) -> Region:
    first = lowest(steps)
    if steps == 1 << first:
        return StepRegion(order.steps[first])
    components = _components(steps, order, related=True)
    if len(components) > 1:
        return ParallelRegion(tuple(_region(part, order) for part in components))
    members = _components(steps, order, related=False)
    if len(members) > 1:
        members.sort(key=lambda member: (order.before[lowest(member)] & steps).bit_count())
        return SeriesRegion(tuple(_region(member, order) for member in members))
    parts = _modules(steps, order)
    return CrossingRegion(tuple(_region(part, order) for part in parts), _direct_needs(parts, order))


def _components(steps: int, order: _Order, *, related: bool) -> list[int]:
    """The connected components of the relation or its complement, ordered by first step."""
    components: list[int] = []
    remaining = steps
    while remaining:
        component = frontier = remaining & -remaining
        while frontier:
            position = lowest(frontier)
            joined = order.related[position] if related else ~order.related[position]
            fresh = joined & remaining & ~component
            component |= fresh
            frontier = (frontier | fresh) & ~(1 << position)
        components.append(component)
        remaining &= ~component
    return components


def _modules(steps: int, order: _Order) -> list[int]:
    """The largest modules, ordered by first step."""
    first = lowest(steps)
    partition = _split(steps & ~(1 << first), steps, order)
    outside = next(part for part in partition if _smallest_module(1 << first | part, steps, order) == steps)
    with_first = next(part for part in _split(steps & ~(outside & -outside), steps, order) if part >> first & 1)
    parts = [with_first, *(part for part in partition if not part & with_first)]
    return sorted(parts, key=lambda part: part & -part)


def _split(mask: int, steps: int, order: _Order) -> list[int]:
    """The coarsest partition in which no outside step distinguishes two steps of one part.

    A step outside a split part sees each piece as one, so only the other pieces remain to be checked.
    """
    modules: list[int] = []
    pending = [(mask, steps & ~mask)]
    while pending:
        part, splitters = pending.pop()
        pieces: dict[tuple[int, int], int] = {}
        for position in bits(part):
            signature = order.before[position] & splitters, order.after[position] & splitters
            pieces[signature] = pieces.get(signature, 0) | 1 << position
        if len(pieces) == 1:
            modules.append(part)
        else:
            pending += [(piece, part & ~piece) for piece in pieces.values()]
    return modules


def _smallest_module(start: int, steps: int, order: _Order) -> int:
    """The smallest module that contains a set."""
    module = start
    while True:
        inside = list(bits(module))
        common_before = common_after = common_apart = steps
        for position in inside:
            common_before &= order.before[position]
            common_after &= order.after[position]
            common_apart &= ~order.related[position]
        torn = steps & ~module & ~(common_before | common_after | common_apart)
        if not torn:
            return module
        module |= torn


def _direct_needs(parts: list[int], order: _Order) -> tuple[tuple[int, ...], ...]:
    """The parts that each part follows directly."""
    firsts = [lowest(part) for part in parts]
    before = [sum(1 << index for index, low in enumerate(firsts) if order.before[first] >> low & 1) for first in firsts]
    direct = []
    for mask in before:
        through = 0
        for index in bits(mask):
            through |= before[index]
        direct.append(tuple(bits(mask & ~through)))
    return tuple(direct)
