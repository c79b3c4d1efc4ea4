"""Definition -> graphs: templates are parsed, and what they read becomes dependencies.

    {id: deploy, depends_on: [evaluate], params: {model_uri: "{{ steps.convert.output.model_uri }}"}}
    ->  Node(id="deploy", needs=("evaluate", "convert"), reads={"convert"}, …)

A step that reads another one depends on it whether `depends_on` says so or not. The steps that run after a failure
are a graph of their own, which knows nothing of the others but that they failed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from graphlib import CycleError
from typing import Any

from aftertrain.actions.registry import ACTIONS
from aftertrain.compiler.branches import check_targets, choosers, with_braces
from aftertrain.compiler.diagnostics import Diagnostic, Place, did_you_mean
from aftertrain.compiler.graph import ABOUT, Graph, Node, steps_read
from aftertrain.compiler.render.template import Value
from aftertrain.expressions.template import TemplateError, parse_condition, parse_template
from aftertrain.expressions.tree import Compare, Expression, Filter, Literal, Logic, Path, Template, folded, paths
from aftertrain.model.definition import Definition, Parameter, Step


@dataclass(frozen=True, slots=True)
class Linked:
    """Both graphs, and every mistake in dependencies and templates; use the graphs only if there is none."""

    graph: Graph
    rescue: Graph
    diagnostics: list[Diagnostic]

    def without(self, broken: set[str]) -> "Linked":
        """What can be looked at all the same: the steps that need none of these; none in a circle, and no outputs."""
        return Linked(_sound(self.graph, broken), _sound(self.rescue, broken), [])


def _sound(graph: Graph, broken: set[str]) -> Graph:
    nodes = {step: node for step, node in graph.nodes.items() if step not in broken}
    while lost := [step for step, node in nodes.items() if not nodes.keys() >= set(node.needs)]:
        nodes = {step: node for step, node in nodes.items() if step not in lost}
    found = Graph(nodes, graph.parameters)
    return Graph({}, graph.parameters) if list(_cycle(found, "")) else found


@dataclass(slots=True)
class _Reading:
    """What was read in one place, and what was wrong with it; `loops` are names that stand for items there."""

    known: "_Known"
    loops: tuple[str, ...] = ()
    paths: list[tuple[Path, Place]] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Known:
    """What may be read: the steps of the same graph, the parameters, and in a rescue the failure."""

    steps: Sequence[str]
    parameters: dict[str, Parameter]
    failure: bool = False
    others: Sequence[str] = ()
    choosers: dict[str, list[str]] = field(default_factory=dict)


def link(definition: Definition) -> Linked:
    """Both graphs."""
    parameters = {parameter.name: parameter for parameter in definition.parameters}
    main, rescue = [step.id for step in definition.steps], [step.id for step in definition.on_failure]
    known = _Known(main, parameters, others=rescue, choosers=choosers(definition.steps))
    nodes, found = _nodes(definition.steps, "steps", known)
    later = _Known(rescue, parameters, failure=True, others=main, choosers=choosers(definition.on_failure))
    after, more = _nodes(definition.on_failure, "on_failure", later)
    reading = _Reading(known)
    outputs = {name: _value(value, ("outputs", name), reading) for name, value in definition.outputs.items()}
    found += more + reading.diagnostics
    graph, others = Graph(nodes, parameters, outputs), Graph(after, parameters)
    return Linked(graph, others, found or [*_cycle(graph, "steps"), *_cycle(others, "on_failure")])


def _nodes(steps: list[Step], key: str, known: _Known) -> tuple[dict[str, Node], list[Diagnostic]]:
    nodes: dict[str, Node] = {}
    found: list[Diagnostic] = []
    for index, step in enumerate(steps):
        where: Place = (key, index)
        node, mistakes = _node(step, where, known)
        found += mistakes
        found += _unknown_dependencies(step, where, known)
        found += check_targets(step, where, known.steps)
        if node is not None:
            nodes[step.id] = node
    return nodes, found


def _node(step: Step, where: Place, known: _Known) -> tuple[Node | None, list[Diagnostic]]:
    loops = (step.foreach.as_,) if step.foreach else ()
    outer, inner = _Reading(known), _Reading(known, loops)
    items = None if step.foreach is None else _value(step.foreach.items, (*where, "foreach", "items"), outer)
    condition = _chosen(step, known, _condition(step.condition, (*where, "condition"), outer))
    written = with_braces(step.params) if step.action == "conditional" else step.params
    params = {name: _value(value, (*where, "params", name), inner) for name, value in written.items()}
    found = outer.diagnostics + inner.diagnostics
    if step.action not in ACTIONS or found:
        return None, found
    read = dict.fromkeys(path.step for path, _ in outer.paths + inner.paths if path.root == "steps")
    read |= dict.fromkeys(known.choosers.get(step.id, ()))
    outputs = dict.fromkeys([*steps_read(tuple(params.values())), *steps_read((condition,)), *steps_read((items,))])
    needs = tuple(dict.fromkeys([*step.depends_on, *read]))
    action = ACTIONS[step.action]
    return Node(step, action, params, condition, items, needs, frozenset(outputs), frozenset(read)), found


def _chosen(step: Step, known: _Known, condition: Expression | None) -> Expression | None:
    """A step that a conditional may choose runs if every such conditional has chosen it."""
    for chooser in known.choosers.get(step.id, ()):
        target = Path("steps", (chooser, "output", "target_step"))
        told = Filter("default", target, (Literal(""), Literal(False)))
        chosen = Compare("==", told, Literal(step.id))
        condition = chosen if condition is None else Logic("and", chosen, condition)
    return condition


def _value(value: Any, where: Place, reading: _Reading) -> Value:
    match value:
        case str():
            return _template(value, where, reading)
        case dict():
            return {key: _value(item, (*where, key), reading) for key, item in value.items()}
        case list():
            return [_value(item, (*where, index), reading) for index, item in enumerate(value)]
        case _:
            return value  # type: ignore[no-any-return]  # what JSON has besides: a number, a boolean, null


def _template(text: str, where: Place, reading: _Reading) -> Template:
    try:
        template = parse_template(text, reading.loops)
    except TemplateError as error:
        reading.diagnostics.append(Diagnostic("AT303", where, error.message))
        return Template(())
    _note(template, where, reading)
    return template


def _condition(text: str | bool | None, where: Place, reading: _Reading) -> Expression | None:
    if not isinstance(text, str):
        return None if text is None else Literal(text)
    try:
        condition = parse_condition(text)
    except TemplateError as error:
        reading.diagnostics.append(Diagnostic("AT303", where, error.message))
        return None
    _note(condition, where, reading)
    return folded(condition)


def _note(node: Template | Expression, where: Place, reading: _Reading) -> None:
    found = list(paths(node.parts if isinstance(node, Template) else node))
    reading.paths += [(path, where) for path in found]
    for path in dict.fromkeys(found):
        reading.diagnostics += _mistakes(path, where, reading.known)


def _mistakes(path: Path, where: Place, known: _Known) -> Iterator[Diagnostic]:
    first = str(path.segments[0]) if path.segments else ""
    if path.root == "params" and first not in known.parameters:
        hint = did_you_mean(first, known.parameters, "declare it under `parameters`")
        yield Diagnostic("AT306", where, f"{path}: the pipeline has no parameter {first!r}", hint)
    if path.root == "failure" and not known.failure:
        yield Diagnostic("AT307", where, f"{path}: only the steps under `on_failure` can read the failure")
    if path.root == "steps":
        yield from _step_mistakes(path, first, where, known)


def _step_mistakes(path: Path, first: str, where: Place, known: _Known) -> Iterator[Diagnostic]:
    rest = path.segments[1:]
    if first not in known.steps:
        message = f"{path}: there is no step {first!r}"
        hint = did_you_mean(first, known.steps)
        if first in known.others:
            message = f"{path}: the steps under `steps` and those under `on_failure` cannot read each other"
            hint = "read failure.error and failure.cause" if known.failure else "read the outputs of `steps` only"
        yield Diagnostic("AT304", where, message, hint)
    elif not rest or rest[0] not in (*ABOUT, "output", "outputs") or (rest[0] in ABOUT and len(rest) > 1):
        hint = f"write steps.{first}.output.FIELD or steps.{first}.status"
        yield Diagnostic("AT307", where, f"{path}: of a step there is output, status, error and cause", hint)


def _unknown_dependencies(step: Step, where: Place, known: _Known) -> Iterator[Diagnostic]:
    for index, name in enumerate(step.depends_on):
        if name not in known.steps:
            place = (*where, "depends_on", index)
            hint = did_you_mean(name, known.steps)
            yield Diagnostic("AT301", place, f"there is no step {name!r} to depend on", hint)


def _cycle(graph: Graph, key: str) -> Iterator[Diagnostic]:
    try:
        graph.order  # noqa: B018  # it is kept for the stages that follow; a circle has no order
    except CycleError as error:
        circle = list(reversed(error.args[1]))
        index = next(index for index, step in enumerate(graph.nodes) if step in circle)
        yield Diagnostic("AT302", (key, index), f"these steps wait for each other: {' -> '.join(circle)}")
