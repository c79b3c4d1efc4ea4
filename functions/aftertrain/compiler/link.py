"""Definition -> graph: templates are parsed, and what they read becomes dependencies.

    {id: deploy, depends_on: [evaluate], params: {model_uri: "{{ steps.convert.output.model_uri }}"}}
    ->  Node(id="deploy", needs=("evaluate", "convert"), reads={"convert"}, …)

A step that reads another one's output depends on it whether `depends_on` says so or not.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from typing import Any

from aftertrain.actions.action import Action
from aftertrain.actions.registry import ACTIONS
from aftertrain.compiler.diagnostics import Diagnostic, Place, did_you_mean
from aftertrain.expressions.template import (
    Expression,
    Literal,
    Path,
    Template,
    TemplateError,
    parse_condition,
    parse_template,
    paths,
)
from aftertrain.model.definition import Definition, Parameter, Step

Value = Template | dict[str, "Value"] | list["Value"] | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Node:
    """A step with its templates parsed and its dependencies known, in the order of the definition."""

    step: Step
    action: Action
    params: dict[str, Value]
    condition: Expression | None
    needs: tuple[str, ...]
    reads: frozenset[str]

    @property
    def id(self) -> str:
        """The step's id."""
        return self.step.id


@dataclass(frozen=True, slots=True)
class Graph:
    """All steps by id, in the order of the definition, and the parameters that they may read."""

    nodes: dict[str, Node]
    parameters: dict[str, Parameter]


@dataclass(slots=True)
class _Reading:
    """What was read in one step's templates, and what was wrong with it."""

    paths: list[tuple[Path, Place]] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)


def link(definition: Definition) -> tuple[Graph, list[Diagnostic]]:
    """The graph and every mistake in dependencies and templates; use the graph only if there is none."""
    parameters = {parameter.name: parameter for parameter in definition.parameters}
    actions = {step.id: ACTIONS[step.action] for step in definition.steps if step.action in ACTIONS}
    nodes: dict[str, Node] = {}
    found: list[Diagnostic] = []
    for index, step in enumerate(definition.steps):
        where: Place = ("steps", index)
        reading = _Reading()
        params = {name: _value(value, (*where, "params", name), reading) for name, value in step.params.items()}
        condition = _condition(step.condition, (*where, "condition"), reading)
        for path, place in reading.paths:
            reading.diagnostics += _path_mistakes(path, place, actions, parameters)
        found += reading.diagnostics
        found += _unknown_dependencies(step, where, list(actions))
        if step.id in actions:
            reads = dict.fromkeys(path.segments[0] for path, _ in reading.paths if path.root == "steps")
            needs = tuple(dict.fromkeys([*step.depends_on, *reads]))
            nodes[step.id] = Node(step, actions[step.id], params, condition, needs, frozenset(reads))
    return Graph(nodes, parameters), found or list(_cycle(nodes, definition))


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
        template = parse_template(text)
    except TemplateError as error:
        reading.diagnostics.append(Diagnostic("AT303", where, error.message))
        return Template(())
    reading.paths += [(path, where) for path in template.paths()]
    return template


def _condition(text: str | bool | None, where: Place, reading: _Reading) -> Expression | None:
    if not isinstance(text, str):
        return None if text is None else Literal(text)
    try:
        condition = parse_condition(text)
    except TemplateError as error:
        reading.diagnostics.append(Diagnostic("AT303", where, error.message))
        return None
    reading.paths += [(path, where) for path in paths(condition)]
    return condition


def _path_mistakes(
    path: Path, where: Place, actions: dict[str, Action], parameters: dict[str, Parameter]
) -> Iterator[Diagnostic]:
    first, *rest = path.segments
    if path.root == "params" and first not in parameters:
        hint = did_you_mean(first, parameters, "declare it under `parameters`")
        yield Diagnostic("AT306", where, f"{path}: the pipeline has no parameter {first!r}", hint)
    if path.root != "steps":
        return
    if first not in actions:
        yield Diagnostic("AT304", where, f"{path}: there is no step {first!r}", did_you_mean(first, actions))
    elif len(rest) < 2 or rest[0] not in ("output", "outputs"):
        hint = f"write steps.{first}.output.FIELD"
        yield Diagnostic("AT307", where, f"{path}: of a step only fields of its output can be read so far", hint)
    elif rest[1] not in (fields := actions[first].outputs.model_fields):
        message = f"{path}: {actions[first].name} puts out no {rest[1]!r}"
        yield Diagnostic("AT305", where, message, did_you_mean(rest[1], fields))


def _unknown_dependencies(step: Step, where: Place, ids: list[str]) -> Iterator[Diagnostic]:
    for index, name in enumerate(step.depends_on):
        if name not in ids:
            place = (*where, "depends_on", index)
            yield Diagnostic("AT301", place, f"there is no step {name!r} to depend on", did_you_mean(name, ids))


def _cycle(nodes: dict[str, Node], definition: Definition) -> Iterator[Diagnostic]:
    try:
        TopologicalSorter({node.id: node.needs for node in nodes.values()}).prepare()
    except CycleError as error:
        circle = list(reversed(error.args[1]))
        index = next(index for index, step in enumerate(definition.steps) if step.id in circle)
        yield Diagnostic("AT302", ("steps", index), f"these steps wait for each other: {' -> '.join(circle)}")
