"""The plan of the whole machine, and what is known about each step at one position in it.

`Env` maps each earlier step to its possible ends and to the variable that holds what is known. A step that surely
succeeded needs no record: otherwise the path would have ended earlier.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from aftertrain.asl import jsonata
from aftertrain.compiler.bindings import Bindings
from aftertrain.compiler.check import variable
from aftertrain.compiler.crossing import Await, Item, Publish
from aftertrain.compiler.graph import Graph, Node
from aftertrain.compiler.render.resolver import Resolver, StepCode
from aftertrain.expressions.shapes import MAX_BYTES, UNKNOWN, Shape
from aftertrain.model.definition import PipelineSettings

SUCCEEDED, FAILED, SKIPPED = "succeeded", "failed", "skipped"
SURE = frozenset({SUCCEEDED})
ANY_END = frozenset({SUCCEEDED, FAILED, SKIPPED})

Records = dict[str, Any]
UNREMARKABLE: tuple[Records, ...] = ({"status": SUCCEEDED}, {"status": SKIPPED})


@dataclass(frozen=True, slots=True)
class StepView:
    """A step's possible ends, the code of its record (None if it surely succeeded), and the code of its output."""

    possible: frozenset[str]
    record: str | None
    output: str


Env = Mapping[str, StepView]
Precondition = tuple[str, ...]  # conditions on the ends of other steps; all must hold


@dataclass(frozen=True)
class Plan:
    """The graph, the stage, the settings, and the shapes of the outputs.

    `seconds`: how long an execution may take. `permits`: how many steps may run at once, if that must be enforced.
    `has_ending`: states follow the last step. `failure_state`: the top-level state after a failure.
    """

    graph: Graph
    bindings: Bindings
    settings: PipelineSettings
    shapes: Mapping[str, Shape]
    event: Mapping[str, Shape] | None = None
    seconds: int = 0
    permits: int | None = None
    has_ending: bool = False
    failure_state: str = "The pipeline failed"
    order_index: dict[str, int] = field(default_factory=dict)
    exit_cache: dict[tuple[str, int], bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.order_index.update({step: index for index, step in enumerate(self.graph.order)})

    @cached_property
    def has_large_outputs(self) -> bool:
        """Whether all outputs together may exceed what a state can pass on."""
        return sum(node.max_bytes for node in self.graph.nodes.values()) > MAX_BYTES // 2

    def reader(self, node: Node, env: Env) -> Resolver:
        """The resolver for a step's templates."""
        codes = {step: self._code(step, node, env[step]) for step in node.needs if step in env}
        return Resolver(self.graph.parameters, codes, self.event)

    def _code(self, step: str, node: Node, seen: StepView) -> StepCode:
        sure = step in node.requires and not self.graph.nodes[step].continues_on_failure
        return StepCode(seen.output, self.shapes.get(step, UNKNOWN), seen.record, there=sure)

    def ends_all(self, step: str) -> bool:
        """Whether a failure of the step fails the execution at once."""
        return self.settings.fail_fast and not self.graph.nodes[step].continues_on_failure


@dataclass(frozen=True, slots=True)
class Position:
    """An item's position in its scope: what precedes it, what follows, and where it leads.

    `env`: what is known before the item. `after`: what is known before the next one. `precondition`: what must hold for
    the item's step to run. `exported`: steps of the scope whose records are read outside it. `may_have_failed`: steps
    before this point that may have failed. `next`: the next state, None at the end of the scope. `end_target`: where
    the end of the scope leads, if not to its default.
    """

    depth: int
    env: Env
    precondition: Precondition
    after: Env
    steps: tuple[str, ...]
    remaining: tuple[Item, ...]
    next: str | None
    end_target: str | None = None
    exported: frozenset[str] = frozenset()
    may_have_failed: tuple[str, ...] = ()


def steps_of(item: Item) -> tuple[str, ...]:
    """The steps of an item; a latch has none."""
    return () if isinstance(item, Publish | Await) else item.steps


def record_name(step: str, depth: int) -> str:
    """The variable that holds a step's record."""
    return f"is{variable(step, depth).removeprefix('out')}"


def view_of_any_end(step: str, depth: int, possible: frozenset[str]) -> StepView:
    """A step that may not have succeeded: its record holds everything that is known."""
    name = f"${record_name(step, depth)}"
    return StepView(possible, name, f"{name}.output")


def view_of_success(step: str, depth: int) -> StepView:
    """A step that surely succeeded; only its output is kept, if it has a reader."""
    return StepView(SURE, None, f"${variable(step, depth)}")


def exits_scope(step: str, following: tuple[Item, ...], depth: int, plan: Plan) -> bool:
    """Whether no later step of the scope can run if this step is not ok, so the path can end here.

    A step occurs in at most one scope per depth, so the result is cached.
    """
    cached = plan.exit_cache.get((step, depth))
    if cached is None:
        cached = plan.exit_cache[step, depth] = _exits_scope(step, following, depth, plan)
    return cached


def _exits_scope(step: str, following: tuple[Item, ...], depth: int, plan: Plan) -> bool:
    if plan.permits is not None:
        return False
    if any(isinstance(item, Publish) for item in following):
        return False
    dead = {step}
    for index, item in enumerate(following):
        later = steps_of(item)
        for later_step in sorted(later, key=plan.order_index.__getitem__):
            if dead.isdisjoint(plan.graph.nodes[later_step].requires):
                return False
            dead.add(later_step)
        if any(exits_scope(later_step, following[index + 1 :], depth, plan) for later_step in later):
            return True
    return True


def success(step: str, position: Position, plan: Plan, output: str) -> dict[str, Any]:
    """The record of a successful step; it contains the output if a step outside the scope reads it."""
    outside = plan.graph.output_readers[step].difference(position.steps)
    return {"status": SUCCEEDED, **({"output": jsonata.expression(output)} if outside else {})}


def records(position: Position, plan: Plan, own_records: Records) -> Records:
    """The records that a scope returns if it ends here: those with readers outside, and failures.

    Records of successful or skipped steps without readers are left out, since a long pipeline has many ends.
    """
    result: Records = {}
    for step in sorted({*position.exported, *position.may_have_failed, *own_records}, key=plan.order_index.__getitem__):
        if step not in own_records:
            result[step] = _record(step, position, plan)
        elif step in position.exported or own_records[step] not in UNREMARKABLE:
            result[step] = own_records[step]
    return result


def _record(step: str, position: Position, plan: Plan) -> Any:
    seen = position.env.get(step)
    if seen is None:
        return {"status": SKIPPED}
    if seen.record is None:
        return success(step, position, plan, seen.output)
    readers = plan.graph.output_readers[step]
    if (
        plan.has_large_outputs and readers and readers <= set(position.steps)
    ):  # an output without further readers is dropped
        return jsonata.expression(f"$sift({seen.record}, function($v, $k) {{$k != 'output'}})")
    return jsonata.expression(seen.record)
