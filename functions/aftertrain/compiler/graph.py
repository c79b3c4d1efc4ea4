"""The steps of a pipeline with parsed templates and their dependencies.

    {id: deploy, depends_on: [evaluate], params: {model_uri: "{{ steps.convert.output.model_uri }}"}}
    ->  Node(id="deploy", needs=("evaluate", "convert"), reads={"convert"}, …)

A step waits for every step that it reads or names, and runs if every step that it requires is `ok`: that one succeeded,
or it failed and has `on_failure: continue`. A step that is read only where a guard or a `default` stands is waited for,
not required. If a condition reads a step's status, the condition alone decides about that step.
"""

from dataclasses import dataclass, field
from functools import cached_property
from graphlib import TopologicalSorter
from typing import Any

from aftertrain.actions.action import Action
from aftertrain.compiler.render.template import Value
from aftertrain.expressions.demand import ABOUT, demanded_paths
from aftertrain.expressions.known_ends import SUCCEEDED, Facts
from aftertrain.expressions.tree import Expression, is_uncertain, paths
from aftertrain.model.definition import Parameter, Step


@dataclass(frozen=True)
class Node:
    """A step with parsed templates and known dependencies, in definition order.

    `reads`: the steps whose outputs it reads. `references`: all steps that it mentions in any way. `chosen_by`: the
    conditionals that may choose it.
    """

    step: Step
    action: Action
    params: dict[str, Value]
    condition: Expression | None
    items: Value
    needs: tuple[str, ...]
    reads: frozenset[str]
    references: frozenset[str]
    chosen_by: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The step's id."""
        return self.step.id

    @property
    def max_items(self) -> int:
        """How often the action may run: once, or once per item."""
        if self.step.foreach is None:
            return 1
        return len(self.items) if isinstance(self.items, list) else self.step.foreach.max_items

    @property
    def max_bytes(self) -> int:
        """The largest output of the step, in bytes."""
        return self.action.max_bytes * self.max_items

    @cached_property
    def continues_on_failure(self) -> bool:
        """Whether the steps that need this one run even if it failed."""
        return self.step.on_failure == "continue"

    @cached_property
    def observes(self) -> frozenset[str]:
        """The steps whose end the condition decides about, however they ended."""
        if self.condition is None:
            return frozenset()
        about = {path.step for path in paths(self.condition) if path.root == "steps" and path.segments[1] in ABOUT}
        return frozenset(about - self.succeeded)

    @cached_property
    def succeeded(self) -> frozenset[str]:
        """The steps that must have succeeded for the condition to hold; all needed steps if the condition cannot be
        read.
        """
        if is_uncertain(self.condition):
            return frozenset(self.needs)
        known = Facts().where(self.condition).known if self.condition is not None else {}
        return frozenset(step for step, ends in (known or {}).items() if ends == SUCCEEDED)

    @cached_property
    def requires(self) -> tuple[str, ...]:
        """The steps that must be ok."""
        needed = {*self.step.depends_on, *self.chosen_by, *self.succeeded, *self._demanded}
        return tuple(need for need in self.needs if need in needed and need not in self.observes)

    @cached_property
    def _demanded(self) -> frozenset[str]:
        """The steps that a read without a guard is about; all that are read if something cannot be read."""
        if is_uncertain((self.condition, *self.params.values(), self.items)):
            return frozenset(self.needs)
        facts = Facts() if self.condition is None else Facts().where(self.condition)
        demanded = [*demanded_paths(self.condition), *demanded_paths((self.items, self.params), facts)]
        return frozenset(path.step for path in demanded if path.root == "steps" and path.segments[1] not in ABOUT)

    def facts(self, graph: "Graph") -> Facts:
        """What is known about other steps where the step's params are read."""
        if is_uncertain(self.condition):
            return Facts(dict.fromkeys(self.needs, SUCCEEDED))
        sure = {need: SUCCEEDED for need in self.requires if not graph.nodes[need].continues_on_failure}
        return Facts(sure) if self.condition is None else Facts(sure).where(self.condition)


@dataclass(frozen=True)
class Graph:
    """Steps by id, in definition order, and the parameters that they may read."""

    nodes: dict[str, Node]
    parameters: dict[str, Parameter]
    outputs: dict[str, Value] = field(default_factory=dict)

    @cached_property
    def order(self) -> list[str]:
        """The steps in topological order; the definition decides between several."""
        return list(TopologicalSorter({node.id: node.needs for node in self.nodes.values()}).static_order())

    @cached_property
    def gating_steps(self) -> dict[str, tuple[str, ...]]:
        """The required steps that a step must check: those that other required steps do not imply."""
        implied: dict[str, frozenset[str]] = {}
        for step in self.order:
            requires = self.nodes[step].requires
            implied[step] = frozenset(requires).union(*(implied[need] for need in requires))
        return {
            node.id: tuple(need for need in node.requires if not any(need in implied[gate] for gate in node.requires))
            for node in self.nodes.values()
        }

    @cached_property
    def output_readers(self) -> dict[str, frozenset[str]]:
        """The readers of each step's output; "" stands for the pipeline's outputs."""
        by_step: dict[str, set[str]] = {step: set() for step in self.nodes}
        for node in self.nodes.values():
            for read in node.reads:
                by_step[read].add(node.id)
        for read in steps_read(tuple(self.outputs.values())):
            by_step[read].add("")
        return {step: frozenset(readers) for step, readers in by_step.items()}

    @cached_property
    def record_readers(self) -> dict[str, frozenset[str]]:
        """The readers of each step's record, which is its status and output; "" stands for the pipeline's outputs."""
        by_step: dict[str, set[str]] = {step: set() for step in self.nodes}
        for step in self.nodes:
            for need in self.record_needs(step):
                by_step[need].add(step)
        for path in paths(self.outputs):
            if path.root == "steps":
                by_step[path.step].add("")
        return {step: frozenset(observers) for step, observers in by_step.items()}

    def record_needs(self, step: str) -> tuple[str, ...]:
        """The steps whose records a step reads."""
        node = self.nodes[step]
        looked_at = {*self.gating_steps[step], *node.observes, *node.references}
        return tuple(need for need in node.needs if need in looked_at)


def steps_read(node: Any) -> list[str]:
    """The steps whose outputs a value reads."""
    return [path.step for path in paths(node) if path.root == "steps" and path.segments[1] not in ABOUT]
