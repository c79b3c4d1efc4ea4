"""Definition -> graphs: templates are parsed, and their references become dependencies.

    {id: deploy, depends_on: [evaluate], params: {model_uri: "{{ steps.convert.output.model_uri }}"}}
    ->  Node(id="deploy", needs=("evaluate", "convert"), reads={"convert"}, …)

A step depends on every step that it reads, with or without `depends_on`. The `on_failure` steps are a graph of their
own, which knows only that the execution failed.

A definition with mistakes has graphs as well, so that all mistakes are found at once: an unknown action may return
anything, a duplicate id gets a suffix, and cycles are broken.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import count

from aftertrain.actions.action import UNKNOWN
from aftertrain.actions.catalogue import ACTIONS
from aftertrain.compiler.branches import brace_conditions, check_targets, steps_by_chooser
from aftertrain.compiler.cycles import break_cycles
from aftertrain.compiler.diagnostics import Diagnostic, Place, did_you_mean
from aftertrain.compiler.graph import Graph, Node
from aftertrain.compiler.references import KnownNames, ReferenceReader
from aftertrain.compiler.render.template import Value
from aftertrain.expressions.demand import ABOUT, alternatives, demanded_paths
from aftertrain.expressions.known_ends import Facts
from aftertrain.expressions.tree import Compare, Expression, Filter, Literal, Logic, Path
from aftertrain.model.definition import Definition, Step


@dataclass(frozen=True, slots=True)
class Linked:
    """Both graphs, their steps in definition order, and every mistake in dependencies and templates."""

    graph: Graph
    failure_graph: Graph
    diagnostics: list[Diagnostic]


def link(definition: Definition, vague: Collection[str] = ()) -> Linked:
    """Both graphs; for `vague` parameters only the names are known."""
    parameters = {parameter.name: parameter for parameter in definition.parameters}
    main, failure_ids = (dict.fromkeys(step.id for step in part) for part in (definition.steps, definition.on_failure))
    readable = KnownNames(
        main, parameters, others=failure_ids, choosers=steps_by_chooser(definition.steps), vague=vague
    )
    nodes, mistakes = _nodes(definition.steps, "steps", readable)
    failure_choosers = steps_by_chooser(definition.on_failure)
    failure_readable = KnownNames(
        failure_ids, parameters, failure=True, others=main, choosers=failure_choosers, vague=vague
    )
    failure_nodes, failure_mistakes = _nodes(definition.on_failure, "on_failure", failure_readable)
    reading = ReferenceReader(readable)
    outputs = {name: reading.value(value, ("outputs", name)) for name, value in definition.outputs.items()}
    graph, cycles = break_cycles(Graph(nodes, parameters, outputs), "steps")
    failure_graph, failure_cycles = break_cycles(Graph(failure_nodes, parameters), "on_failure")
    return Linked(graph, failure_graph, [*mistakes, *failure_mistakes, *reading.diagnostics, *cycles, *failure_cycles])


def _nodes(steps: list[Step], key: str, readable: KnownNames) -> tuple[dict[str, Node], list[Diagnostic]]:
    nodes: dict[str, Node] = {}
    diagnostics: list[Diagnostic] = []
    for index, step in enumerate(_with_unique_ids(steps)):
        where: Place = (key, index)
        nodes[step.id], mistakes = _node(step, where, readable)
        diagnostics += mistakes
        diagnostics += _unknown_dependencies(step, where, readable)
        diagnostics += check_targets(step, where, readable.steps)
    return nodes, diagnostics


def _with_unique_ids(steps: Sequence[Step]) -> Iterator[Step]:
    """The steps; a duplicate id gets a suffix that nobody can write."""
    seen: set[str] = set()
    for step in steps:
        names = (f"{step.id} ({number})" for number in count(2))
        entry = step if step.id not in seen else step.model_copy(update={"id": next(n for n in names if n not in seen)})
        seen.add(entry.id)
        yield entry


def _node(step: Step, where: Place, readable: KnownNames) -> tuple[Node, list[Diagnostic]]:
    outer, inner = ReferenceReader(readable), ReferenceReader(readable, (step.foreach.as_,) if step.foreach else ())
    items = None if step.foreach is None else outer.value(step.foreach.items, (*where, "foreach", "items"))
    written_condition = outer.condition(step.condition, (*where, "condition"))
    raw_params = brace_conditions(step.params) if step.action == "conditional" else step.params
    params = {name: inner.value(value, (*where, "params", name)) for name, value in raw_params.items()}
    chosen_by = tuple(readable.choosers.get(step.id, ()))
    condition = _add_choosers(step, readable, _add_alternatives(step, items, params, written_condition))
    paths = [path for path in outer.paths + inner.paths if path.root == "steps"]
    steps_read = dict.fromkeys([*(path.step for path in paths), *chosen_by])
    outputs = frozenset([*(path.step for path in paths if path.segments[1] not in ABOUT), *chosen_by])
    needs = tuple(dict.fromkeys(need for need in (*step.depends_on, *steps_read) if need in readable.steps))
    action = ACTIONS.get(step.action, UNKNOWN)
    node = Node(step, action, params, condition, items, needs, outputs, frozenset(steps_read), chosen_by)
    return node, outer.diagnostics + inner.diagnostics


def _add_alternatives(
    step: Step, items: Value, params: dict[str, Value], condition: Expression | None
) -> Expression | None:
    """A step that reads one of several outputs runs if one of their steps has succeeded."""
    facts = Facts() if condition is None else Facts().where(condition)
    demanded = {path.segments[0] for path in demanded_paths((items, params), facts) if path.root == "steps"}
    for steps in dict.fromkeys(alternatives((items, params))):
        if not {*step.depends_on, *demanded}.isdisjoint(steps):
            continue  # the step needs one of them anyway
        one, *others = [_succeeded(step) for step in dict.fromkeys(steps)]
        for other in others:
            one = Logic("or", one, other)
        condition = one if condition is None else Logic("and", one, condition)
    return condition


def _succeeded(step: str) -> Expression:
    return Compare("==", Path("steps", (step, "status")), Literal("succeeded"))


def _add_choosers(step: Step, readable: KnownNames, condition: Expression | None) -> Expression | None:
    """A step that conditionals may choose runs if every one of them has chosen it."""
    for chooser in readable.choosers.get(step.id, ()):
        target = Path("steps", (chooser, "output", "target_step"))
        chosen_target = Filter("default", target, (Literal(""), Literal(False)))
        is_chosen = Compare("==", chosen_target, Literal(step.id))
        condition = is_chosen if condition is None else Logic("and", is_chosen, condition)
    return condition


def _unknown_dependencies(step: Step, where: Place, readable: KnownNames) -> Iterator[Diagnostic]:
    for index, name in enumerate(step.depends_on):
        if name not in readable.steps:
            path = (*where, "depends_on", index)
            hint = did_you_mean(name, readable.steps)
            yield Diagnostic("AT301", path, f"depends_on names the step {name!r}, which does not exist", hint)
