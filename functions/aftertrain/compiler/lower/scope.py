"""Items in a row -> a scope: the states of each, with what is known at its place and where it leads.

    (Leaf(a), Side(b, c), Leaf(d))  ->  a -> b & c -> After b & c -> d

What is known at each place is worked out first, from the front to the back, for what a step leads to depends on it.
"""

from dataclasses import dataclass

from aftertrain.asl.states import Pass, Scope, State
from aftertrain.compiler.lower.fuse import fuse
from aftertrain.compiler.lower.guard import entry, gate_of
from aftertrain.compiler.lower.latch import await_entry, await_states, publish_entry, publish_states, seen_at
from aftertrain.compiler.lower.leaf import leaf_states, seen_after
from aftertrain.compiler.lower.plan import FAILED, Env, Gate, Plan, Turn, leaves, records, steps_of
from aftertrain.compiler.lower.side import clip, seen_after_side, side_name, side_states
from aftertrain.compiler.nest import Leaf, Region, Series, Weave
from aftertrain.compiler.weave import Await, Chain, Item, Publish, chains


@dataclass(frozen=True, slots=True)
class _Place:
    """An item, what is known in front of it, what a step needs of that to run, and the branches if it has some."""

    item: Item
    env: Env
    gate: Gate
    rest: tuple[Item, ...]
    doubtful: tuple[str, ...]
    branches: tuple[Chain, ...]

    @property
    def branch_steps(self) -> tuple[tuple[str, ...], ...]:
        return tuple(tuple(step for item in branch for step in steps_of(item)) for branch in self.branches)


def items_of(region: Region) -> tuple[Item, ...]:
    """A region as the items of a scope."""
    return region.items if isinstance(region, Series) else (region,)


def scope(items: tuple[Item, ...], env: Env, depth: int, plan: Plan, over: str | None = None) -> Scope:
    """The states of the items, one after the other; `over`: where the end leads, if not to where it always does."""
    places = _places(items, env, depth, plan)
    entries = [_entry(place, plan) for place in places]
    steps = tuple(step for item in items for step in steps_of(item))
    inside = frozenset(steps)
    asked = frozenset(step for step in steps if not plan.graph.asked[step] <= inside)
    states: dict[str, State] = {}
    for index, place in enumerate(places):
        onward, after = (entries[index + 1], places[index + 1].env) if index + 1 < len(places) else (None, {})
        turn = Turn(depth, place.env, place.gate, after, steps, place.rest, onward, over, asked, place.doubtful)
        states |= _states(place, turn, plan)
    return Scope(entries[0], fuse(states, entries[0]) if depth > 0 else states)


def _places(items: tuple[Item, ...], env: Env, depth: int, plan: Plan) -> list[_Place]:
    # From the back: whether a step leaves the path follows from whether the next one does.
    for index in range(len(items) - 1, -1, -1):
        for step in steps_of(items[index]):
            leaves(step, items[index + 1 :], depth, plan)
    places: list[_Place] = []
    doubtful: tuple[str, ...] = ()
    for index, item in enumerate(items):
        gate = gate_of(plan.graph.nodes[item.id], env, plan) if isinstance(item, Leaf) else ()
        place = _Place(item, env, gate, items[index + 1 :], doubtful, _branches(item, env, plan))
        places.append(place)
        seen = _seen(place, depth, plan)
        env = {**env, **seen}
        own = set(steps_of(item))
        doubtful += tuple(step for step in seen if step in own and FAILED in seen[step].possible)
    return places


def _branches(item: Item, env: Env, plan: Plan) -> tuple[Chain, ...]:
    match item:
        case Leaf() | Publish() | Await():
            return ()
        case Weave():
            return chains(item, plan.graph, env.__contains__)
        case _:
            return tuple(items_of(region) for region in item.items)


def _seen(place: _Place, depth: int, plan: Plan) -> Env:
    match place.item:
        case Leaf(id=step):
            return {step: seen_after(plan.graph.nodes[step], place.gate, place.rest, depth, plan)}
        case Await():
            return seen_at(place.item, depth)
        case Publish():
            return {}
        case _:
            return seen_after_side(place.branch_steps, place.rest, depth, plan)


def _entry(place: _Place, plan: Plan) -> str:
    match place.item:
        case Leaf(id=step):
            return entry(plan.graph.nodes[step], place.gate, plan)
        case Await():
            return await_entry(place.item)
        case Publish():
            return publish_entry(place.item)
        case _:
            return side_name(place.branch_steps)


def _states(place: _Place, turn: Turn, plan: Plan) -> dict[str, State]:
    match place.item:
        case Leaf():
            return leaf_states(place.item, turn, plan)
        case Await():
            return await_states(place.item, turn, plan)
        case Publish():
            return _published(place.item, turn, plan)
        case _:
            scopes = tuple(scope(branch, place.env, turn.depth + 1, plan) for branch in place.branches)
            return side_states(place.branch_steps, scopes, turn, plan)


def _published(item: Publish, turn: Turn, plan: Plan) -> dict[str, State]:
    """A publication may be the last thing on a chain; then the chain's records follow it."""
    if turn.next is not None:
        return publish_states(item, turn, plan, turn.next)
    over = clip(f"{item.source} over")
    return publish_states(item, turn, plan, over) | {over: Pass(records(turn, plan, {}), None)}
