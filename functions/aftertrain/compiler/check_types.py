"""Graphs and shapes -> mistakes that only types reveal.

params: {message: "{{ steps.evaluate.output.acuracy }}"}   ->  AT305 … has no field 'acuracy', did you mean 'accuracy'?
condition: steps.evaluate.output.accuracy                  ->  AT310 a condition is true or false; this one is number
"""

from collections.abc import Iterator
from functools import cache
from typing import Any

from pydantic import BaseModel

from aftertrain.compiler.bindings import Bindings
from aftertrain.compiler.branches import conditions
from aftertrain.compiler.calls import parameters_of_callee
from aftertrain.compiler.check import has_template
from aftertrain.compiler.check_embedding import check_embedding
from aftertrain.compiler.check_unreachable import check_unreachable
from aftertrain.compiler.diagnostics import Diagnostic, Place, did_you_mean
from aftertrain.compiler.event_types import closed
from aftertrain.compiler.graph import Graph, Node
from aftertrain.compiler.infer_shapes import ShapeEnvironment, resolver_of, value_shape
from aftertrain.compiler.link import Linked
from aftertrain.compiler.render.resolver import PARAMETER_KINDS, Code, Resolver, StepCode, misread
from aftertrain.compiler.render.template import Value, check_condition, render_template, templates
from aftertrain.compiler.render.writer import Writer
from aftertrain.expressions.demand import ABOUT, defaulted_paths, demanded_paths
from aftertrain.expressions.known_ends import ENDS, SUCCEEDED, Facts
from aftertrain.expressions.lookup import full_path
from aftertrain.expressions.shapes import ANYTHING, Shape, kinds_of, of, shape_of, shape_of_value
from aftertrain.expressions.tree import (
    ALWAYS,
    Choose,
    Expression,
    Logic,
    Not,
    Path,
    Template,
    loops,
    paths,
)
from aftertrain.model.definition import Definition

OPEN = ("array", "object")
# Senders may add fields, and many are similar to ours, such as `head_sha`. A typing error changes less of a name.
TYPING_ERROR = 0.85


def check_types(
    definition: Definition, linked: Linked, shapes: ShapeEnvironment, bindings: Bindings
) -> list[Diagnostic]:
    """All such mistakes, step by step."""
    types = [trigger.event_type for trigger in definition.triggers]
    diagnostics: list[Diagnostic] = []
    for key, graph in (("steps", linked.graph), ("on_failure", linked.failure_graph)):
        step_paths: dict[str, Place] = {step: (key, index) for index, step in enumerate(graph.nodes)}
        for node in graph.nodes.values():
            diagnostics += _TypeChecker(graph, shapes, types, bindings).node(node, step_paths[node.id])
        diagnostics += check_unreachable(graph, shapes, step_paths)
    return diagnostics + list(_TypeChecker(linked.graph, shapes, types, bindings).outputs(linked.graph))


class _TypeChecker:
    """Checks the templates of one graph."""

    def __init__(self, graph: Graph, shapes: ShapeEnvironment, types: list[str], bindings: Bindings) -> None:
        self.graph, self.shapes, self.types, self.bindings = graph, shapes, types, bindings

    def node(self, node: Node, where: Place) -> Iterator[Diagnostic]:
        """The mistakes in a step."""
        reader = resolver_of(node, self.graph, self.shapes)
        facts = node.facts(self.graph)
        if node.condition is not None:
            yield from self.condition(node.condition, (*where, "condition"), reader)
            before = Facts(facts.given)
            yield from self.missing(_first_operand(node.condition), (*where, "condition"), before, reader)
        inner = reader
        if node.step.foreach is not None:
            path = (*where, "foreach", "items")
            yield from self.items(node.items, path, reader)
            for inner_path, template in templates(node.items, path):
                yield from self.missing(template.parts, inner_path, facts, reader)
            item_shape = value_shape(node.items, reader).item or ANYTHING
            inner = reader.naming(node.step.foreach.as_, Code("$item", item_shape))
        fields, callee_shape = param_shapes(node.action.params), parameters_of_callee(node, self.bindings)
        yield from check_embedding(node.params, node.action.params, (*where, "params"), inner)
        for name, value in node.params.items():
            allowed, mixed = fields.get(name, ANYTHING), has_template(node.step.params.get(name))
            if callee_shape is not None and name == "params":
                allowed, mixed = callee_shape, True
            yield from self.value(value, (*where, "params", name), inner, allowed, mixed=mixed)
        yield from self.unused(node, where, reader)
        for path, template in templates(dict(node.params), (*where, "params")):
            yield from self.missing(template.parts, path, facts, inner)
        if node.action.name == "conditional":
            for path, condition in conditions(node.params):
                yield from self.condition(condition, (*where, "params", *path), inner)

    def outputs(self, graph: Graph) -> Iterator[Diagnostic]:
        """The mistakes in the pipeline's outputs, which are read even after skipped steps."""
        if not graph.outputs:
            return
        codes = {step: StepCode("$o", self.shapes.outputs[step], "$r") for step in graph.nodes}
        reader = Resolver(graph.parameters, codes, self.shapes.event)
        unsure = {*_uncertain_steps(graph)}
        facts = Facts({step: SUCCEEDED for step in graph.nodes if step not in unsure})
        for path, template in templates(dict(graph.outputs), ("outputs",)):
            yield from self.template(template, path, reader, ANYTHING)
            yield from self.missing(template.parts, path, facts, reader)

    def value(
        self, value: Value, where: Place, reader: Resolver, allowed: Shape, *, mixed: bool = False
    ) -> Iterator[Diagnostic]:
        """The mistakes in a param and its parts; the action's own model has checked the parts without templates."""
        match value:
            case Template(text=str() as text) if mixed:
                yield from _check_literal(text, where, allowed)
            case Template():
                yield from self.template(value, where, reader, allowed)
            case dict() | list() if (mixed or has_templates(value)) and not allowed.may_be(*kinds_of(value)):
                yield Diagnostic("AT308", where, f"{where[-1]} takes {allowed.words}, but this is {value_words(value)}")
            case dict():
                for name, item in value.items():
                    shape = (allowed.fields or {}).get(name, ANYTHING)
                    yield from self.value(item, (*where, name), reader, shape, mixed=mixed)
            case list():
                for index, item in enumerate(value):
                    yield from self.value(item, (*where, index), reader, allowed.item or ANYTHING, mixed=mixed)
            case _ if mixed:
                yield from _check_literal(value, where, allowed)

    def template(self, template: Template, where: Place, reader: Resolver, allowed: Shape) -> Iterator[Diagnostic]:
        """The mistakes in one template, including a type that does not fit the param."""
        yield from self.fields(template.parts, where, reader)
        rendered = render_template(template, reader)
        yield from (Diagnostic("AT309", where, complaint) for complaint in dict.fromkeys(rendered.complaints))
        if template.text is None and not fits(rendered.shape, allowed):
            message = f"{where[-1]} takes {allowed.words}, but this is {rendered.shape.words}"
            hint = "write {{ … | string }}" if allowed.kinds == {"string"} and not rendered.shape.may_be(*OPEN) else ""
            yield Diagnostic("AT308", where, message, hint)

    def condition(self, condition: Expression, where: Place, reader: Resolver) -> Iterator[Diagnostic]:
        """The mistakes in a condition."""
        yield from self.fields(condition, where, reader)
        for complaint in check_condition(condition, reader):
            code = "AT310" if complaint.startswith("a condition") else "AT309"
            yield Diagnostic(code, where, complaint)

    def items(self, items: Value, where: Place, reader: Resolver) -> Iterator[Diagnostic]:
        """The mistakes in the items of a `foreach`."""
        if not isinstance(items, Template):
            yield from self.value(items, where, reader, ANYTHING)
            return
        yield from self.template(items, where, reader, ANYTHING)
        shape = render_template(items, reader).shape
        if not shape.may_be("array"):
            yield Diagnostic("AT312", where, f"foreach needs an array, but this is {shape.words}")

    def fields(self, node: Any, where: Place, reader: Resolver) -> Iterator[Diagnostic]:
        """Fields that cannot exist."""
        for path in dict.fromkeys(paths(node)):
            problem = self.misread(path, reader)
            if problem is not None:
                yield Diagnostic("AT305", where, *problem)
        for loop in loops(node):
            shape = Writer(reader).value(loop.items).shape.item or ANYTHING
            inner = reader.naming(loop.name, Code("$item", shape))
            for path in dict.fromkeys(candidate for candidate in paths(loop.body) if candidate.root == loop.name):
                problem = misread(shape, path, 0)
                if problem is not None:
                    yield Diagnostic("AT305", where, *problem)
            yield from self.fields(tuple(loops(loop.body)), where, inner)

    def misread(self, path: Path, reader: Resolver) -> tuple[str, str] | None:
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
        """An event field that no sender sends, or one that nearly matches a known name."""
        event_fields, names = self.shapes.event, full_path(tuple(map(str, path.segments)))
        if event_fields is None or names[0] != "data" or len(names) < 2 or names[1] in event_fields:
            return None
        complete = closed(self.types)
        hint = did_you_mean(names[1], event_fields, similarity=0.6 if complete else TYPING_ERROR)
        if complete or hint.startswith("did you mean"):
            return f"{path}: events of type {' and '.join(sorted(set(self.types)))} have no field {names[1]!r}", hint
        return None

    def unused(self, node: Node, where: Place, reader: Resolver) -> Iterator[Diagnostic]:
        """Each `default` beside an output that is always there."""
        texts = [(path, template.parts) for path, template in templates(dict(node.params), (*where, "params"))]
        for place, value in [*texts, ((*where, "condition"), node.condition)]:
            for path in dict.fromkeys(defaulted_paths(value)):
                if path.root == "steps" and path.step not in node.chosen_by and reader.read(path).shape.there:
                    message = f"the default of {path} is never used: {node.id!r} needs {path.step!r} to succeed"
                    hint = "leave the default out, or do not name the step in depends_on"
                    yield Diagnostic("AT309", place, message, hint)

    def missing(self, value: Any, where: Place, facts: Facts, reader: Resolver) -> Iterator[Diagnostic]:
        """Outputs and errors that may be absent when they are read."""
        for path in dict.fromkeys(demanded_paths(value, facts)):
            if path.root != "steps":
                continue
            hint = f"write {{{{ {path} | default({_fallback_for(reader.read(path).shape)}) }}}}"
            if path.segments[1] not in ABOUT:
                message = f"{path}: {path.step!r} may have no output here: it may have been skipped or have failed"
                yield Diagnostic("AT311", where, message, f"{hint}, or read it only if steps.{path.step} succeeded")
            elif "failed" not in (facts.known or {}).get(path.step, ENDS):
                yield Diagnostic("AT309", where, f"{path} is never there: {path.step!r} has not failed here")
            else:
                message = f"{path}: {path.step!r} has an {path.segments[1]} only if it failed"
                message = message.replace("an cause", "a cause")
                yield Diagnostic("AT311", where, message, f"{hint}, or read it only if steps.{path.step} failed")


def _fallback_for(shape: Shape) -> str:
    """A `default` of the kind that a read has."""
    kinds = (("string", "'…'"), ("number", "0"), ("integer", "0"), ("boolean", "false"), ("array", "[]"))
    fitting = [text for kind, text in kinds if kind in shape.kinds]
    return fitting[0] if len(shape.kinds - {"integer"}) == 1 and fitting else "…"


def _first_operand(condition: Expression) -> Expression:
    """The part of a condition that is always evaluated."""
    match condition:
        case Logic(left=left):
            return _first_operand(left)
        case Not(operand=operand):
            return _first_operand(operand)
        case Choose(condition=chosen):
            return _first_operand(chosen)
        case _:
            return condition


def has_templates(value: Value) -> bool:
    """Whether a value contains templates, so the action's own model cannot check it yet."""
    return any(template.text is None for _, template in templates(value, ()))


def _check_literal(value: str | int | float | bool | None, where: Place, allowed: Shape) -> Iterator[Diagnostic]:
    """Check a literal beside templates."""
    shape, name = shape_of_value(value), next((part for part in reversed(where) if isinstance(part, str)), "")
    if not fits(shape, allowed):
        yield Diagnostic("AT308", where, f"{name} takes {allowed.words}, but this is {shape.words}")
    elif allowed.choices and value not in allowed.choices:
        yield Diagnostic("AT308", where, f"{name} is one of {', '.join(map(str, allowed.choices))}")


def value_words(value: Value) -> str:
    """What a value is, as words for a sentence."""
    return "array" if isinstance(value, list) else "object"


def fits(shape: Shape, allowed: Shape) -> bool:
    """Whether a value of this shape can have an allowed kind at all."""
    kinds = shape.kinds | ({"integer"} if "number" in shape.kinds else set())
    return bool(kinds & (allowed.kinds | ({"integer"} if "number" in allowed.kinds else set())))


@cache
def param_shapes(model: type[BaseModel]) -> dict[str, Shape]:
    """The shape that each param of an action takes."""
    return dict(shape_of(model.model_json_schema()).fields or {})


def _uncertain_steps(graph: Graph) -> Iterator[str]:
    """The steps that may have no output although the pipeline succeeded."""
    unsure: set[str] = set()
    for step in graph.order:
        node = graph.nodes[step]
        if node.condition not in (None, ALWAYS) or node.continues_on_failure or unsure.intersection(node.requires):
            unsure.add(step)
            yield step
