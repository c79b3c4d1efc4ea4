"""Graph -> region tree: exact series-parallel decomposition, and a weave where there is none.

    a; b needs a; c needs a; d needs b, c       ->  Series(a, Side(b, c), d)
    a; b; c needs a; d needs a, b               ->  Weave: a crossing, which nesting alone cannot express

Works on the order "comes before", the transitive closure of the dependencies, as bit sets. Steps whose comparability
graph falls apart run side by side; those whose incomparability graph falls apart run in series; where neither does,
the largest parts that look alike to all the rest are found (modules), and how they hang together is left to `weave`.
Nothing is approximated: each step waits for exactly its own dependencies.
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
        """Its id."""
        return (self.id,)


@dataclass(frozen=True)
class _CompositeRegion:
    """Regions that belong together."""

    items: "tuple[Region, ...]"

    @cached_property
    def steps(self) -> tuple[str, ...]:
        """The ids of all steps in it, in the order of the tree."""
        return tuple(step for item in self.items for step in item.steps)


@dataclass(frozen=True)
class SeriesRegion(_CompositeRegion):
    """Regions one after the other; none of them is a Series itself."""


@dataclass(frozen=True)
class ParallelRegion(_CompositeRegion):
    """Regions side by side; none of them is a Side itself."""


@dataclass(frozen=True)
class CrossingRegion(_CompositeRegion):
    """Regions that wait for each other across; `needs[i]` are the places of those that `items[i]` directly follows."""

    needs: tuple[tuple[int, ...], ...]


Region = StepRegion | SeriesRegion | ParallelRegion | CrossingRegion


def nest(graph: Graph) -> Region:
    """The region tree."""
    order = _Order(graph)
    return _region((1 << len(order.steps)) - 1, order)


class _Order:
    """Who comes before whom, after whom, and either, as bit sets over the steps in the order of the definition."""

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
    """The first place of a set."""
    return (mask & -mask).bit_length() - 1


def bits(mask: int) -> Iterator[int]:
    """The places of a set, in order."""
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
    stages = _components(steps, order, related=False)
    if len(stages) > 1:
        stages.sort(key=lambda stage: (order.before[lowest(stage)] & steps).bit_count())
        return SeriesRegion(tuple(_region(stage, order) for stage in stages))
    parts = _modules(steps, order)
    return CrossingRegion(tuple(_region(part, order) for part in parts), _direct_needs(parts, order))


def _components(steps: int, order: _Order, *, related: bool) -> list[int]:
    """The connected components of the relation or of its opposite, ordered by their first steps."""
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
    """The largest sets of steps that all others see as one, ordered by their first steps."""
    first = lowest(steps)
    partition = _split(steps & ~(1 << first), steps, order)
    outside = next(part for part in partition if _smallest_module(1 << first | part, steps, order) == steps)
    with_first = next(part for part in _split(steps & ~(outside & -outside), steps, order) if part >> first & 1)
    parts = [with_first, *(part for part in partition if not part & with_first)]
    return sorted(parts, key=lambda part: part & -part)


def _split(mask: int, steps: int, order: _Order) -> list[int]:
    """The coarsest partition of a set in which no step outside of a part tells two of the part's steps apart.

    Who stood outside of a part when it was torn sees each piece as one; what is left to ask are the other pieces.
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
    """The smallest module that holds a set."""
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
    """The parts that each part follows without another one in between."""
    firsts = [lowest(part) for part in parts]
    before = [sum(1 << index for index, low in enumerate(firsts) if order.before[first] >> low & 1) for first in firsts]
    direct = []
    for mask in before:
        through = 0
        for index in bits(mask):
            through |= before[index]
        direct.append(tuple(bits(mask & ~through)))
    return tuple(direct)
