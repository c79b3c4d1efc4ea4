"""Graphs and shapes -> mistakes that only types can tell.

params: {message: "{{ steps.evaluate.output.acuracy }}"}   ->  AT305 … has no field 'acuracy', did you mean 'accuracy'?
condition: steps.evaluate.output.accuracy                  ->  AT310 a condition is true or false; this one is number
"""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from pydantic import BaseModel

from aftertrain.compiler.bindings import Bindings
from aftertrain.compiler.branches import conditions
from aftertrain.compiler.calls import taken_by_callee
from aftertrain.compiler.check import has_template
from aftertrain.compiler.diagnostics import Diagnostic, Place, did_you_mean
from aftertrain.compiler.event_types import closed
from aftertrain.compiler.graph import ABOUT, Graph, Node
from aftertrain.compiler.link import Linked
from aftertrain.compiler.render.names import name_of
from aftertrain.compiler.render.scope import PARAMETER_KINDS, Code, Reader, StepCode, misread
from aftertrain.compiler.render.template import Value, check_condition, render_template, templates
from aftertrain.compiler.render.writer import Writer
from aftertrain.compiler.shapes import Shapes, reader_of, value_shape
from aftertrain.expressions.fields import full_path
from aftertrain.expressions.shapes import ANYTHING, Shape, kinds_of, of, shape_of, shape_of_value
from aftertrain.expressions.tree import (
    ALWAYS,
    NEVER,
    Choose,
    Expression,
    Filter,
    For,
    If,
    Index,
    Literal,
    Logic,
    Not,
    Parts,
    Path,
    Template,
    demanded,
    loops,
    paths,
    uncertain,
)
from aftertrain.model.definition import Definition

OPEN = ("array", "object")


def examine(definition: Definition, linked: Linked, shapes: Shapes, bindings: Bindings) -> list[Diagnostic]:
    """Every such mistake, step by step."""
    types = [trigger.event_type for trigger in definition.triggers]
    found: list[Diagnostic] = []
    for key, graph in (("steps", linked.graph), ("on_failure", linked.rescue)):
        places: dict[str, Place] = {step: (key, index) for index, step in enumerate(graph.nodes)}
        for node in graph.nodes.values():
            found += _Examiner(graph, shapes, types, bindings).node(node, places[node.id])
        found += _never(graph, places)
    return found + list(_Examiner(linked.graph, shapes, types, bindings).outputs(linked.graph))


class _Examiner:
    """Looks at the templates of one graph."""

    def __init__(self, graph: Graph, shapes: Shapes, types: list[str], bindings: Bindings) -> None:
        self.graph, self.shapes, self.types, self.bindings = graph, shapes, types, bindings

    def node(self, node: Node, where: Place) -> Iterator[Diagnostic]:
        """The mistakes of a step."""
        reader = reader_of(node, self.graph, self.shapes)
        missing = {need for need in node.needs if need not in node.requires or self.graph.nodes[need].goes_on}
        if node.condition is not None:
            yield from self.condition(node.condition, (*where, "condition"), reader)
            yield from self.missing(_looked_at_first(node.condition), (*where, "condition"), missing)
        missing -= node.succeeded
        inner = reader
        if node.step.foreach is not None:
            place = (*where, "foreach", "items")
            yield from self.items(node.items, place, reader)
            for spot, template in templates(node.items, place):
                yield from self.missing(template.parts, spot, missing)
            item = value_shape(node.items, reader).item or ANYTHING
            inner = reader.naming(node.step.foreach.as_, Code("$item", item))
        fields, called = param_shapes(node.action.params), taken_by_callee(node, self.bindings)
        for name in url_params(node.action.params):
            yield from unencoded(node.params.get(name), (*where, "params", name))
        for name, value in node.params.items():
            wanted, mixed = fields.get(name, ANYTHING), has_template(node.step.params.get(name))
            if called is not None and name == "params":
                wanted, mixed = called, True
            yield from self.value(value, (*where, "params", name), inner, wanted, mixed=mixed)
        for place, template in templates(dict(node.params), (*where, "params")):
            yield from self.missing(template.parts, place, missing)
        if node.action.name == "conditional":
            for place, condition in conditions(node.params):
                yield from self.condition(condition, (*where, "params", *place), inner)

    def outputs(self, graph: Graph) -> Iterator[Diagnostic]:
        """The mistakes of the pipeline's own outputs, which are read whatever was skipped."""
        if not graph.outputs:
            return
        codes = {step: StepCode("$o", self.shapes.outputs[step], "$r") for step in graph.nodes}
        reader = Reader(graph.parameters, codes, self.shapes.event)
        unsure = set(_may_not_run(graph))
        for place, template in templates(dict(graph.outputs), ("outputs",)):
            yield from self.template(template, place, reader, ANYTHING)
            yield from self.missing(template.parts, place, unsure)

    def value(
        self, value: Value, where: Place, reader: Reader, wanted: Shape, *, mixed: bool = False
    ) -> Iterator[Diagnostic]:
        """The mistakes of a param and of what is in it; what has no template in it the action's own model has seen."""
        match value:
            case Template(text=str() as text) if mixed:
                yield from _misfit(text, where, wanted)
            case Template():
                yield from self.template(value, where, reader, wanted)
            case dict() | list() if (mixed or has_templates(value)) and not wanted.may_be(*kinds_of(value)):
                yield Diagnostic("AT308", where, f"{where[-1]} takes {wanted.words}, and this is {value_words(value)}")
            case dict():
                for name, item in value.items():
                    shape = (wanted.fields or {}).get(name, ANYTHING)
                    yield from self.value(item, (*where, name), reader, shape, mixed=mixed)
            case list():
                for index, item in enumerate(value):
                    yield from self.value(item, (*where, index), reader, wanted.item or ANYTHING, mixed=mixed)
            case _ if mixed:
                yield from _misfit(value, where, wanted)

    def template(self, template: Template, where: Place, reader: Reader, wanted: Shape) -> Iterator[Diagnostic]:
        """The mistakes of one template; its type is held against the param's."""
        yield from self.fields(template.parts, where, reader)
        rendered = render_template(template, reader)
        yield from (Diagnostic("AT309", where, complaint) for complaint in dict.fromkeys(rendered.complaints))
        if template.text is None and not fits(rendered.shape, wanted):
            message = f"{where[-1]} takes {wanted.words}, and this is {rendered.shape.words}"
            hint = "write {{ … | string }}" if wanted.kinds == {"string"} and not rendered.shape.may_be(*OPEN) else ""
            yield Diagnostic("AT308", where, message, hint)

    def condition(self, condition: Expression, where: Place, reader: Reader) -> Iterator[Diagnostic]:
        """The mistakes of a condition."""
        yield from self.fields(condition, where, reader)
        for complaint in check_condition(condition, reader):
            code = "AT310" if complaint.startswith("a condition") else "AT309"
            yield Diagnostic(code, where, complaint)

    def items(self, items: Value, where: Place, reader: Reader) -> Iterator[Diagnostic]:
        """The mistakes of what a foreach goes over."""
        if not isinstance(items, Template):
            yield from self.value(items, where, reader, ANYTHING)
            return
        yield from self.template(items, where, reader, ANYTHING)
        shape = render_template(items, reader).shape
        if not shape.may_be("array"):
            yield Diagnostic("AT312", where, f"foreach goes over an array; this is {shape.words}")

    def fields(self, node: Any, where: Place, reader: Reader) -> Iterator[Diagnostic]:
        """Fields that cannot be there."""
        for path in dict.fromkeys(paths(node)):
            found = self.misread(path, reader)
            if found is not None:
                yield Diagnostic("AT305", where, *found)
        for loop in loops(node):
            shape = Writer(reader).value(loop.items).shape.item or ANYTHING
            inner = reader.naming(loop.name, Code("$item", shape))
            for path in dict.fromkeys(each for each in paths(loop.body) if each.root == loop.name):
                found = misread(shape, path, 0)
                if found is not None:
                    yield Diagnostic("AT305", where, *found)
            yield from self.fields(tuple(loops(loop.body)), where, inner)

    def misread(self, path: Path, reader: Reader) -> tuple[str, str] | None:
        """What is wrong with a path, and a hint."""
        match path.root:
            case "steps" if path.segments[1] not in ABOUT:
                return misread(self.shapes.outputs[path.step], path, 2)
            case "params":
                parameter = reader.parameters[str(path.segments[0])]
                kinds = of(*PARAMETER_KINDS[parameter.type]).kinds | shape_of_value(parameter.default).kinds
                return misread(Shape(kinds), path, 1)
            case "event":
                return self.misread_event(path)
            case name if name in reader.names:
                return misread(reader.names[name].shape, path, 0)
            case _:
                return None

    def misread_event(self, path: Path) -> tuple[str, str] | None:
        """A field of an event that nobody sends, or one that is nearly the name of one that is sent."""
        known, names = self.shapes.event, full_path(tuple(map(str, path.segments)))
        if known is None or names[0] != "data" or len(names) < 2 or names[1] in known:
            return None
        hint = did_you_mean(names[1], known)
        if closed(self.types) or hint.startswith("did you mean"):
            return f"{path}: events of type {' and '.join(sorted(set(self.types)))} have no field {names[1]!r}", hint
        return None

    def missing(self, read: Any, where: Place, unsure: set[str]) -> Iterator[Diagnostic]:
        """Outputs that may not be there when they are read."""
        for path in dict.fromkeys(demanded(read) if unsure else ()):
            if path.root == "steps" and path.step in unsure and path.segments[1] not in ABOUT:
                message = f"{path}: {path.step!r} may have no output here, for it may have been skipped or have failed"
                yield Diagnostic("AT311", where, message, f"write {{{{ {path} | default('…') }}}}")


def _looked_at_first(condition: Expression) -> Expression:
    """The part of a condition that is looked at whatever the rest of it says."""
    match condition:
        case Logic(left=left):
            return _looked_at_first(left)
        case Not(operand=operand):
            return _looked_at_first(operand)
        case Choose(condition=chosen):
            return _looked_at_first(chosen)
        case _:
            return condition


def unencoded(value: Value, where: Place) -> Iterator[Diagnostic]:
    """Values in a URL that could become another part of it; one that is the whole URL is somebody's own."""
    if isinstance(value, Template) and not _whole(value.lone):
        for name in dict.fromkeys(_bare_in_url(value.parts)):
            hint = f"write {{{{ {name} | urlencode }}}}"
            yield Diagnostic("AT209", where, f"{name} could become another part of the URL", hint)


def _bare_in_url(parts: Parts) -> Iterator[str]:
    """What stands in a URL as it is, by its name."""
    for part in parts:
        match part:
            case str() | Literal() | Filter(name="urlencode"):
                continue
            case If(branches=branches, otherwise=otherwise):
                for inner in (*(body for _, body in branches), otherwise):
                    yield from _bare_in_url(inner)
            case For(body=body, otherwise=otherwise):
                yield from _bare_in_url((*body, *otherwise))
            case _ if not uncertain(part):
                yield name_of(part) if isinstance(part, Path | Index | Filter) else "(…)"


def _whole(lone: Expression | None) -> bool:
    """Whether a URL is somebody else's as it is: one value, or a default for it."""
    return isinstance(lone, Path) or (
        isinstance(lone, Filter) and lone.name == "default" and isinstance(lone.operand, Path)
    )


@cache
def url_params(model: type[BaseModel]) -> tuple[str, ...]:
    """The params of an action that are addresses."""
    properties = model.model_json_schema()["properties"]
    return tuple(name for name, schema in properties.items() if schema.get("format") == "uri")


def has_templates(value: Value) -> bool:
    """Whether a value cannot be checked by the action's own model before the step runs."""
    return any(template.text is None for _, template in templates(value, ()))


def _misfit(value: str | int | float | bool | None, where: Place, wanted: Shape) -> Iterator[Diagnostic]:
    """What is written as it is, beside templates."""
    shape, name = shape_of_value(value), next((part for part in reversed(where) if isinstance(part, str)), "")
    if not fits(shape, wanted):
        yield Diagnostic("AT308", where, f"{name} takes {wanted.words}, and this is {shape.words}")
    elif wanted.choices and value not in wanted.choices:
        yield Diagnostic("AT308", where, f"{name} is one of {', '.join(map(str, wanted.choices))}")


def value_words(value: Value) -> str:
    """What a value is, for a sentence."""
    return "array" if isinstance(value, list) else "object"


def fits(shape: Shape, wanted: Shape) -> bool:
    """Whether a value of a shape can be of a kind that is wanted at all."""
    kinds = shape.kinds | ({"integer"} if "number" in shape.kinds else set())
    return bool(kinds & (wanted.kinds | ({"integer"} if "number" in wanted.kinds else set())))


@cache
def param_shapes(model: type[BaseModel]) -> dict[str, Shape]:
    """What each param of an action takes."""
    return dict(shape_of(model.model_json_schema()).fields or {})


def _may_not_run(graph: Graph) -> Iterator[str]:
    """The steps that may have no output although the pipeline succeeded."""
    unsure: set[str] = set()
    for step in graph.order:
        node = graph.nodes[step]
        if node.condition not in (None, ALWAYS) or node.goes_on or unsure.intersection(node.requires):
            unsure.add(step)
            yield step


def _never(graph: Graph, places: Mapping[str, Place]) -> Iterator[Diagnostic]:
    """Steps that can never run."""
    never: dict[str, str] = {}
    for step in graph.order:
        node = graph.nodes[step]
        if node.condition == NEVER:
            never[step] = "its condition is false"
        for need in node.requires:
            if need in never:
                never.setdefault(step, f"{need!r} never does, and it needs it")
            elif graph.nodes[need].action.name == "fail" and not graph.nodes[need].goes_on:
                never.setdefault(step, f"{need!r} always fails, and it needs it")
    for step in graph.nodes:
        if step in never:
            written = step.partition(" ")[0]  # of two steps with one id, the second has something behind it
            yield Diagnostic("AT402", places[step], f"{written!r} never runs: {never[step]}")
