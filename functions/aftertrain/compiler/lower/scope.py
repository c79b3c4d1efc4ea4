"""Consecutive items -> a scope: the states of each item, given what is known at its position.

    (StepRegion(a), ParallelRegion(b, c), StepRegion(d))  ->  a -> b & c -> After b & c -> d

A first pass from front to back collects what is known at each position, because a step's states depend on it.
"""

from dataclasses import dataclass

from aftertrain.asl.states import Pass, Scope, State
from aftertrain.compiler.crossing import Await, Item, Lane, Publish, lanes
from aftertrain.compiler.lower.guard import entry, precondition_of
from aftertrain.compiler.lower.latch import await_entry, await_states, publish_entry, publish_states, views_at_latch
from aftertrain.compiler.lower.merge_choices import merge_choices
from aftertrain.compiler.lower.parallel_region import clip, parallel_name, parallel_states, views_after_parallel
from aftertrain.compiler.lower.position import FAILED, Env, Plan, Position, Precondition, exits_scope, records, steps_of
from aftertrain.compiler.lower.step_region import step_states, view_after
from aftertrain.compiler.nest import CrossingRegion, Region, SeriesRegion, StepRegion


@dataclass(frozen=True, slots=True)
class _Placement:
    """An item, what is known before it, its precondition, and its branches if it has some."""

    item: Item
    env: Env
    precondition: Precondition
    remaining: tuple[Item, ...]
    may_have_failed: tuple[str, ...]
    branches: tuple[Lane, ...]

    @property
    def branch_steps(self) -> tuple[tuple[str, ...], ...]:
        return tuple(tuple(step for item in branch for step in steps_of(item)) for branch in self.branches)


def items_of(region: Region) -> tuple[Item, ...]:
    """A region as the items of a scope."""
    return region.items if isinstance(region, SeriesRegion) else (region,)


def scope(items: tuple[Item, ...], env: Env, depth: int, plan: Plan, end_target: str | None = None) -> Scope:
    """The states of the items, in order. `end_target`: the state that follows the scope, if it is not the default."""
    placements = _locate_items(items, env, depth, plan)
    entries = [_entry_state(placement, plan) for placement in placements]
    steps = tuple(step for item in items for step in steps_of(item))
    inside = frozenset(steps)
    observed = frozenset(step for step in steps if not plan.graph.record_readers[step] <= inside)
    states: dict[str, State] = {}
    for index, placement in enumerate(placements):
        target, after = (entries[index + 1], placements[index + 1].env) if index + 1 < len(placements) else (None, {})
        position = Position(
            depth,
            placement.env,
            placement.precondition,
            after,
            steps,
            placement.remaining,
            target,
            end_target,
            observed,
            placement.may_have_failed,
        )
        states |= _states(placement, position, plan)
    return Scope(entries[0], merge_choices(states, entries[0]) if depth > 0 else states)


def _locate_items(items: tuple[Item, ...], env: Env, depth: int, plan: Plan) -> list[_Placement]:
    # From the back: whether a step ends the path depends on the steps after it.
    for index in range(len(items) - 1, -1, -1):
        for step in steps_of(items[index]):
            exits_scope(step, items[index + 1 :], depth, plan)
    placements: list[_Placement] = []
    may_have_failed: tuple[str, ...] = ()
    for index, item in enumerate(items):
        precondition = precondition_of(plan.graph.nodes[item.id], env, plan) if isinstance(item, StepRegion) else ()
        placement = _Placement(item, env, precondition, items[index + 1 :], may_have_failed, _branches(item, env, plan))
        placements.append(placement)
        seen = _seen_after_item(placement, depth, plan)
        env = {**env, **seen}
        own_steps = set(steps_of(item))
        may_have_failed += tuple(step for step in seen if step in own_steps and FAILED in seen[step].possible)
    return placements


def _branches(item: Item, env: Env, plan: Plan) -> tuple[Lane, ...]:
    match item:
        case StepRegion() | Publish() | Await():
            return ()
        case CrossingRegion():
            return lanes(item, plan.graph, env.__contains__)
        case _:
            return tuple(items_of(region) for region in item.items)


def _seen_after_item(placement: _Placement, depth: int, plan: Plan) -> Env:
    match placement.item:
        case StepRegion(id=step):
            return {step: view_after(plan.graph.nodes[step], placement.precondition, placement.remaining, depth, plan)}
        case Await():
            return views_at_latch(placement.item, depth)
        case Publish():
            return {}
        case _:
            return views_after_parallel(placement.branch_steps, placement.remaining, depth, plan)


def _entry_state(placement: _Placement, plan: Plan) -> str:
    match placement.item:
        case StepRegion(id=step):
            return entry(plan.graph.nodes[step], placement.precondition, plan)
        case Await():
            return await_entry(placement.item)
        case Publish():
            return publish_entry(placement.item)
        case _:
            return parallel_name(placement.branch_steps)


def _states(placement: _Placement, position: Position, plan: Plan) -> dict[str, State]:
    match placement.item:
        case StepRegion():
            return step_states(placement.item, position, plan)
        case Await():
            return await_states(placement.item, position, plan)
        case Publish():
            return _publication_states(placement.item, position, plan)
        case _:
            scopes = tuple(scope(branch, placement.env, position.depth + 1, plan) for branch in placement.branches)
            return parallel_states(placement.branch_steps, scopes, position, plan)


def _publication_states(item: Publish, position: Position, plan: Plan) -> dict[str, State]:
    """A publication at the end of a lane is followed by the lane's records."""
    if position.next is not None:
        return publish_states(item, position, plan, position.next)
    end_state = clip(f"{item.source} over")
    return publish_states(item, position, plan, end_state) | {end_state: Pass(records(position, plan, {}), None)}
