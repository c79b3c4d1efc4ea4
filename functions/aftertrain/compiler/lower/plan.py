"""What is the same for the whole machine while it is lowered, and what is known of each step at one point of it.

`Env` says of every step that is behind a point how it may have ended, and which variable holds what is known of it. A
step that surely succeeded needs no record: whatever is not `ok` left the path before this point.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from aftertrain.asl import jsonata
from aftertrain.compiler.bindings import Bindings
from aftertrain.compiler.check import variable
from aftertrain.compiler.graph import Graph, Node
from aftertrain.compiler.render.scope import Reader, StepCode
from aftertrain.compiler.weave import Await, Item, Publish
from aftertrain.expressions.shapes import MAX_BYTES, UNKNOWN, Shape
from aftertrain.model.definition import Settings

SUCCEEDED, FAILED, SKIPPED = "succeeded", "failed", "skipped"
SURE = frozenset({SUCCEEDED})
ANY_END = frozenset({SUCCEEDED, FAILED, SKIPPED})

Records = dict[str, Any]
QUIET: tuple[Records, ...] = ({"status": SUCCEEDED}, {"status": SKIPPED})


@dataclass(frozen=True, slots=True)
class Seen:
    """How a step may have ended, the code of its record (None if it surely succeeded), the code of its output."""

    possible: frozenset[str]
    record: str | None
    output: str


Env = Mapping[str, Seen]
Gate = tuple[str, ...]  # conditions on the ends of other steps, all of which have to hold


@dataclass(frozen=True)
class Plan:
    """The graph, the stage, the settings, and what is known of the outputs' shapes.

    `seconds`: how long an execution may take. `slots`: how many steps may work at once, if that has to be seen to.
    `finishes`: there is something to be done after the last step. `bad`: the state at the top that a failure leads to.
    """

    graph: Graph
    bindings: Bindings
    settings: Settings
    shapes: Mapping[str, Shape]
    event: Mapping[str, Shape] | None = None
    seconds: int = 0
    slots: int | None = None
    finishes: bool = False
    bad: str = "The pipeline failed"
    place: dict[str, int] = field(default_factory=dict)
    leaving: dict[tuple[str, int], bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.place.update({step: place for place, step in enumerate(self.graph.order)})

    @cached_property
    def heavy(self) -> bool:
        """Whether all outputs together are more than what may always be handed on, whoever has read them."""
        return sum(node.most_bytes for node in self.graph.nodes.values()) > MAX_BYTES // 2

    def reader(self, node: Node, env: Env) -> Reader:
        """What a step's templates can read."""
        codes = {step: self._code(step, node, env[step]) for step in node.needs if step in env}
        return Reader(self.graph.parameters, codes, self.event)

    def _code(self, step: str, node: Node, seen: Seen) -> StepCode:
        sure = step in node.requires and not self.graph.nodes[step].goes_on
        return StepCode(seen.output, self.shapes.get(step, UNKNOWN), seen.record, there=sure)

    def ends_all(self, step: str) -> bool:
        """Whether a failure of the step fails the execution at once."""
        return self.settings.fail_fast and not self.graph.nodes[step].goes_on


@dataclass(frozen=True, slots=True)
class Turn:
    """Where an item stands in its scope: what is before it, what comes after, and where to.

    `env`: what is known in front of it, `after`: in front of the next one; `gate`: what a step needs of it to run.
    `asked`: the scope's steps that somebody outside of it looks at. `doubtful`: those behind this point that may have
    failed. `next` is None at the end of the scope; `over` is where that leads then, if not to where it always does.
    """

    depth: int
    env: Env
    gate: Gate
    after: Env
    steps: tuple[str, ...]
    rest: tuple[Item, ...]
    next: str | None
    over: str | None = None
    asked: frozenset[str] = frozenset()
    doubtful: tuple[str, ...] = ()


def steps_of(item: Item) -> tuple[str, ...]:
    """The steps of an item; a latch has none."""
    return () if isinstance(item, Publish | Await) else item.steps


def record_name(step: str, depth: int) -> str:
    """The variable that holds a step's record."""
    return variable(step, depth).replace("out", "is", 1)


def lenient(step: str, depth: int, possible: frozenset[str]) -> Seen:
    """A step that may have ended otherwise: its record has all that is known of it."""
    name = f"${record_name(step, depth)}"
    return Seen(possible, name, f"{name}.output")


def strict(step: str, depth: int) -> Seen:
    """A step that surely succeeded; only its output is kept, if somebody reads it."""
    return Seen(SURE, None, f"${variable(step, depth)}")


def leaves(step: str, rest: tuple[Item, ...], depth: int, plan: Plan) -> bool:
    """Whether nothing of the rest of the scope can run if this step is not ok, so that the path may be left.

    A step stands in one scope of each depth at most, so what was found out once is kept.
    """
    known = plan.leaving.get((step, depth))
    if known is None:
        known = plan.leaving[step, depth] = _leaves(step, rest, depth, plan)
    return known


def _leaves(step: str, rest: tuple[Item, ...], depth: int, plan: Plan) -> bool:
    if plan.slots is not None:
        return False
    if any(isinstance(item, Publish) for item in rest):
        return False
    dead = {step}
    for index, item in enumerate(rest):
        later = steps_of(item)
        for other in sorted(later, key=plan.place.__getitem__):
            if dead.isdisjoint(plan.graph.nodes[other].requires):
                return False
            dead.add(other)
        if any(leaves(other, rest[index + 1 :], depth, plan) for other in later):
            return True
    return True


def success(step: str, turn: Turn, plan: Plan, output: str) -> dict[str, Any]:
    """The record of a step that succeeded, with its output if a step outside of the scope reads it."""
    outside = plan.graph.readers[step].difference(turn.steps)
    return {"status": SUCCEEDED, **({"output": jsonata.expression(output)} if outside else {})}


def records(turn: Turn, plan: Plan, own: Records) -> Records:
    """The records that a scope puts out if it ends at this turn: those that somebody outside looks at, and failures.

    What succeeded, or never began, and is of no interest to anybody is left out: a long pipeline has many ends.
    """
    found: Records = {}
    for step in sorted({*turn.asked, *turn.doubtful, *own}, key=plan.place.__getitem__):
        if step not in own:
            found[step] = _record(step, turn, plan)
        elif step in turn.asked or own[step] not in QUIET:
            found[step] = own[step]
    return found


def _record(step: str, turn: Turn, plan: Plan) -> Any:
    seen = turn.env.get(step)
    if seen is None:
        return {"status": SKIPPED}
    if seen.record is None:
        return success(step, turn, plan, seen.output)
    readers = plan.graph.readers[step]
    if plan.heavy and readers and readers <= set(turn.steps):  # an output that everybody has read goes no further
        return jsonata.expression(f"$sift({seen.record}, function($v, $k) {{$k != 'output'}})")
    return jsonata.expression(seen.record)
