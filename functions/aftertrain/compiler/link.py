"""Definition -> graphs: templates are parsed, and what they read becomes dependencies.

    {id: deploy, depends_on: [evaluate], params: {model_uri: "{{ steps.convert.output.model_uri }}"}}
    ->  Node(id="deploy", needs=("evaluate", "convert"), reads={"convert"}, …)

A step that reads another one depends on it whether `depends_on` says so or not. The steps that run after a failure
are a graph of their own, which knows nothing of the others but that they failed.

A definition with mistakes has graphs as well, so that all of them can be told at once: a step whose action nobody
knows puts out anything, a second step of an id is one of its own, and circles are cut open.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import count

from aftertrain.actions.action import UNKNOWN
from aftertrain.actions.registry import ACTIONS
from aftertrain.compiler.branches import check_targets, choosers, with_braces
from aftertrain.compiler.circles import cut_open
from aftertrain.compiler.diagnostics import Diagnostic, Place, did_you_mean
from aftertrain.compiler.graph import ABOUT, Graph, Node
from aftertrain.compiler.reading import Known, Reading
from aftertrain.expressions.tree import Compare, Expression, Filter, Literal, Logic, Path
from aftertrain.model.definition import Definition, Step


@dataclass(frozen=True, slots=True)
class Linked:
    """Both graphs, their steps in the order of the definition, and every mistake in dependencies and templates."""

    graph: Graph
    rescue: Graph
    diagnostics: list[Diagnostic]


def link(definition: Definition, vague: Collection[str] = ()) -> Linked:
    """Both graphs. Of the parameters that are `vague` only the names are known."""
    parameters = {parameter.name: parameter for parameter in definition.parameters}
    main, rescue = (dict.fromkeys(step.id for step in each) for each in (definition.steps, definition.on_failure))
    known = Known(main, parameters, others=rescue, choosers=choosers(definition.steps), vague=vague)
    nodes, found = _nodes(definition.steps, "steps", known)
    chosen = choosers(definition.on_failure)
    later = Known(rescue, parameters, failure=True, others=main, choosers=chosen, vague=vague)
    after, more = _nodes(definition.on_failure, "on_failure", later)
    reading = Reading(known)
    outputs = {name: reading.value(value, ("outputs", name)) for name, value in definition.outputs.items()}
    graph, circles = cut_open(Graph(nodes, parameters, outputs), "steps")
    others, more_circles = cut_open(Graph(after, parameters), "on_failure")
    return Linked(graph, others, [*found, *more, *reading.diagnostics, *circles, *more_circles])


def _nodes(steps: list[Step], key: str, known: Known) -> tuple[dict[str, Node], list[Diagnostic]]:
    nodes: dict[str, Node] = {}
    found: list[Diagnostic] = []
    for index, step in enumerate(_apart(steps)):
        where: Place = (key, index)
        nodes[step.id], mistakes = _node(step, where, known)
        found += mistakes
        found += _unknown_dependencies(step, where, known)
        found += check_targets(step, where, known.steps)
    return nodes, found


def _apart(steps: Sequence[Step]) -> Iterator[Step]:
    """The steps; a second one of the same id has an id that nobody can write."""
    seen: set[str] = set()
    for step in steps:
        names = (f"{step.id} ({number})" for number in count(2))
        apart = step if step.id not in seen else step.model_copy(update={"id": next(n for n in names if n not in seen)})
        seen.add(apart.id)
        yield apart


def _node(step: Step, where: Place, known: Known) -> tuple[Node, list[Diagnostic]]:
    outer, inner = Reading(known), Reading(known, (step.foreach.as_,) if step.foreach else ())
    items = None if step.foreach is None else outer.value(step.foreach.items, (*where, "foreach", "items"))
    condition = _chosen(step, known, outer.condition(step.condition, (*where, "condition")))
    written = with_braces(step.params) if step.action == "conditional" else step.params
    params = {name: inner.value(value, (*where, "params", name)) for name, value in written.items()}
    chosen = known.choosers.get(step.id, ())
    paths = [path for path in outer.paths + inner.paths if path.root == "steps"]
    read = dict.fromkeys([*(path.step for path in paths), *chosen])
    outputs = frozenset([*(path.step for path in paths if path.segments[1] not in ABOUT), *chosen])
    needs = tuple(dict.fromkeys(need for need in (*step.depends_on, *read) if need in known.steps))
    action = ACTIONS.get(step.action, UNKNOWN)
    node = Node(step, action, params, condition, items, needs, outputs, frozenset(read))
    return node, outer.diagnostics + inner.diagnostics


def _chosen(step: Step, known: Known, condition: Expression | None) -> Expression | None:
    """A step that a conditional may choose runs if every such conditional has chosen it."""
    for chooser in known.choosers.get(step.id, ()):
        target = Path("steps", (chooser, "output", "target_step"))
        told = Filter("default", target, (Literal(""), Literal(False)))
        chosen = Compare("==", told, Literal(step.id))
        condition = chosen if condition is None else Logic("and", chosen, condition)
    return condition


def _unknown_dependencies(step: Step, where: Place, known: Known) -> Iterator[Diagnostic]:
    for index, name in enumerate(step.depends_on):
        if name not in known.steps:
            place = (*where, "depends_on", index)
            hint = did_you_mean(name, known.steps)
            yield Diagnostic("AT301", place, f"there is no step {name!r} to depend on", hint)
