"""Region tree -> states.

    Series(a, Side(b, c), d)  ->  a -> [b | c] -> After b & c (Choice) -> d

A step that fails does not stop its siblings: its Catch turns the failure into a record, and what comes after it in its
branch is left out. A branch puts out one record per step, {"status": "succeeded" | "failed" | "skipped", …}, with the
output where a step outside of the branch reads it. The Choice after a Parallel goes on if every record says succeeded,
and makes variables of the outputs that are read later. The machine fails at its end if any step failed.

In a Series every step comes after every step of the regions before it, so what follows a step that did not succeed is
always skipped, and a step whose turn comes knows that all before it succeeded: no state has to look.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from aftertrain.asl import jsonata
from aftertrain.asl.states import Catcher, Choice, Fail, Machine, Parallel, Pass, Rule, Scope, State, Task
from aftertrain.compiler.bindings import Bindings
from aftertrain.compiler.check import variable
from aftertrain.compiler.link import Graph, Node
from aftertrain.compiler.nest import Leaf, Region, Series, Side, steps_in
from aftertrain.compiler.render import Reading, render_condition
from aftertrain.compiler.work import Work, work
from aftertrain.model.definition import Definition
from aftertrain.model.names import digest

FAILED = "Pipeline failed"  # a blank in it: no step can have this name
DONE = "Pipeline done"
WEEK = 7 * 24 * 3600  # seconds; without it, a job that no worker takes is waited for for a year
SUCCEEDED = {"status": "succeeded"}
SKIPPED = {"status": "skipped"}
_NAME = 80

Records = dict[str, Any]


def lower(definition: Definition, graph: Graph, region: Region, bindings: Bindings) -> Machine:
    """The whole machine; the comment says which pipeline it is."""
    scope = _Lowering(graph, bindings, region).scope(region, depth=0)
    return Machine(definition.name, scope, definition.settings.timeout_seconds or WEEK)


@dataclass(frozen=True, slots=True)
class _Turn:
    """Where a region stands in its scope: how deep that is, what is done before it, what comes after, and where to."""

    depth: int
    inside: frozenset[str]
    before: tuple[str, ...]
    after: tuple[str, ...]
    next: str | None

    @property
    def top(self) -> bool:
        """Whether the scope is the machine itself."""
        return self.depth == 0


class _Lowering:
    """Builds scopes, recursively: a scope is a branch of a Parallel, or the machine."""

    def __init__(self, graph: Graph, bindings: Bindings, region: Region) -> None:
        self.graph = graph
        self.bindings = bindings
        self.scopes = dict(_scopes(region, ()))
        self.readers: dict[str, set[str]] = {step: set() for step in graph.nodes}
        for node in graph.nodes.values():
            for read in node.reads:
                self.readers[read].add(node.id)

    def scope(self, region: Region, *, depth: int) -> Scope:
        """The states of a region, one after the other, and the ends that they may come to."""
        items = region.items if isinstance(region, Series) else (region,)
        inside = frozenset(steps_in(region))
        states: dict[str, State] = {}
        for index, item in enumerate(items):
            before = tuple(step for earlier in items[:index] for step in steps_in(earlier))
            after = tuple(step for later in items[index + 1 :] for step in steps_in(later))
            onward = self._entry(items[index + 1]) if index + 1 < len(items) else None
            turn = _Turn(depth, inside, before, after, onward)
            states |= self._side(item, turn) if isinstance(item, Side) else self._step(item, turn)
        if depth == 0:
            states |= self._failed()
        return Scope(self._entry(items[0]), states)

    def _entry(self, region: Region) -> str:
        match region:
            case Leaf(id=step):
                return f"If {step}" if self.graph.nodes[step].condition is not None else step
            case Side():
                return _side_name(region)
            case Series(items=items):
                return self._entry(items[0])

    def _step(self, region: Region, turn: _Turn) -> dict[str, State]:
        assert isinstance(region, Leaf)  # nest puts no Series into a Series
        node = self.graph.nodes[region.id]
        todo = work(node, self._reading(node), self.bindings)
        failure, failure_states = self._failure(node, turn)
        states = self._guard(node, turn)
        states[node.id] = self._task(node, todo, turn, failure)
        return states | failure_states

    def _task(self, node: Node, todo: Work, turn: _Turn, failure: str) -> Task:
        read_later = self.readers[node.id] if turn.next else set()
        caught = {
            "status": "failed",
            "error": jsonata.expression("$states.errorOutput.Error"),
            "cause": jsonata.expression(
                "$exists($states.errorOutput.Cause) ? $substring($states.errorOutput.Cause, 0, 2000) : ''"
            ),
        }
        output = jsonata.expression(todo.result)
        return Task(
            resource=todo.resource,
            arguments=todo.arguments,
            next=turn.next,
            output=output if turn.next else self._records(turn, {node.id: self._success(node.id, turn, todo.result)}),
            assign={variable(node.id, turn.depth): output} if read_later else {},
            retry=todo.retry,
            catch=Catcher(self._records(turn, {node.id: caught}), failure),
            timeout=todo.timeout,
            heartbeat=todo.heartbeat,
            comment=node.step.name or None,
        )

    def _failure(self, node: Node, turn: _Turn) -> tuple[str, dict[str, State]]:
        if turn.top:
            return FAILED, {}
        name = f"{node.id} failed"
        return name, {name: Pass(None, None)}

    def _guard(self, node: Node, turn: _Turn) -> dict[str, State]:
        if node.condition is None:
            return {}
        decidable, verdict = render_condition(node.condition, self._reading(node))
        skip, undecided = f"Skip {node.id}", f"Cannot decide {node.id}"
        unknown = {
            "status": "failed",
            "error": "ConditionFailed",
            "cause": f"the condition of {node.id} reads a value that is not there, or compares values of two types",
        }
        rules = [Rule(jsonata.expression(verdict), node.id)]
        states: dict[str, State] = {}
        if decidable:
            rules.insert(0, Rule(jsonata.expression(f"$not({decidable})"), undecided))
            states[undecided] = Pass(self._records(turn, {node.id: unknown}), FAILED if turn.top else None)
        return {
            f"If {node.id}": Choice(tuple(rules), skip),
            skip: Pass(self._records(turn, {node.id: SKIPPED}), None),
            **states,
        }

    def _side(self, region: Side, turn: _Turn) -> dict[str, State]:
        name = _side_name(region)
        after = _clip(f"After {name}")
        branches = tuple(self.scope(item, depth=turn.depth + 1) for item in region.items)
        states: dict[str, State] = {name: Parallel(branches, after)}
        end = Pass(self._records(turn, self._branch_records(region)), None)
        if turn.next is None and not turn.top:
            return states | {after: end}
        if turn.next is None:
            return states | {after: Choice((Rule(_any_failed(), FAILED),), DONE), DONE: end}
        stop = _clip(f"Stop after {name}")
        onward = Rule(_all_succeeded(), turn.next, self._lifted(region, turn.depth))
        if not turn.top:
            return states | {after: Choice((onward,), stop), stop: end}
        if self._may_skip(region):
            return states | {after: Choice((onward, Rule(_any_failed(), FAILED)), stop), stop: end}
        return states | {after: Choice((onward,), FAILED)}

    def _branch_records(self, region: Side) -> Records:
        """Every step's record, from the outputs of the branches."""
        return {step: jsonata.expression(code) for step, code in _branch_outputs(region).items()}

    def _lifted(self, region: Side, depth: int) -> dict[str, Any]:
        """The outputs that steps outside of the region read, as variables."""
        inside = set(steps_in(region))
        return {
            variable(step, depth): jsonata.expression(f"{code}.output")
            for step, code in _branch_outputs(region).items()
            if self.readers[step] - inside
        }

    def _reading(self, node: Node) -> Reading:
        """Where the outputs are that a step reads: in the innermost scope that holds both it and their steps."""
        own = self.scopes[node.id]
        depths = {step: _common(own, self.scopes[step]) for step in node.reads}
        return Reading(self.graph.parameters, {step: variable(step, depth) for step, depth in depths.items()})

    def _may_skip(self, region: Region) -> bool:
        return any(self.graph.nodes[step].condition is not None for step in steps_in(region))

    def _success(self, step: str, turn: _Turn, code: str) -> dict[str, Any]:
        """The record of a step that succeeded, with its output if a step outside of the scope reads it."""
        return SUCCEEDED | ({"output": jsonata.expression(code)} if self.readers[step] - turn.inside else {})

    def _records(self, turn: _Turn, own: Records) -> Records:
        """One record per step of the scope, at this turn."""
        before = {step: self._success(step, turn, f"${variable(step, turn.depth)}") for step in turn.before}
        return before | own | dict.fromkeys(turn.after, SKIPPED)

    def _failed(self) -> dict[str, State]:
        cause = "$substring($string($sift($merge($states.input), function($v) {$v.status = 'failed'})), 0, 30000)"
        return {FAILED: Fail("StepFailed", jsonata.expression(cause))}


def _scopes(region: Region, path: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every step with the branches that it lies in, each named after its first step, the outermost first."""
    match region:
        case Leaf(id=step):
            yield step, path
        case Series(items=items):
            for item in items:
                yield from _scopes(item, path)
        case Side(items=items):
            for item in items:
                yield from _scopes(item, (*path, steps_in(item)[0]))


def _common(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    """How many branches two steps have in common."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _branch_outputs(region: Side) -> dict[str, str]:
    return {
        step: jsonata.field(f"$states.input[{index}]", step)
        for index, item in enumerate(region.items)
        for step in steps_in(item)
    }


def _side_name(region: Side) -> str:
    return _clip(" & ".join(steps_in(item)[0] for item in region.items))


def _clip(name: str) -> str:
    """A name that fits; what is cut off still tells it from others."""
    return name if len(name) <= _NAME else f"{name[: _NAME - 9]}…{digest(name)[:8]}"


def _all_succeeded() -> str:
    return jsonata.expression("$count($states.input.*.status[$ != 'succeeded']) = 0")


def _any_failed() -> str:
    return jsonata.expression("'failed' in $states.input.*.status")
