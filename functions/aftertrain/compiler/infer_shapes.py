"""Graph -> what is known about its values before it runs: step outputs and event fields.

{id: evaluate, action: model_evaluate}  ->  outputs["evaluate"] = Shape({"object"}, {"accuracy": number, …})
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from aftertrain.actions.action import UNKNOWN, Action
from aftertrain.compiler.bindings import Bindings
from aftertrain.compiler.event_types import fields_of
from aftertrain.compiler.graph import Graph, Node
from aftertrain.compiler.render.resolver import Resolver, StepCode
from aftertrain.compiler.render.template import Value, render_template
from aftertrain.expressions.known_ends import SUCCEEDED
from aftertrain.expressions.shapes import ANYTHING, Shape, shape_of, shape_of_value
from aftertrain.expressions.tree import Template
from aftertrain.model.definition import Definition


@dataclass(frozen=True, slots=True)
class ShapeEnvironment:
    """`outputs`: by step. `event`: the known fields of an event's data; None if any field may exist."""

    outputs: Mapping[str, Shape]
    event: Mapping[str, Shape] | None


def infer_shapes(definition: Definition, bindings: Bindings, *graphs: Graph) -> ShapeEnvironment:
    """The shapes of a pipeline's values."""
    event = fields_of([trigger.event_type for trigger in definition.triggers], bindings.schema_of)
    outputs: dict[str, Shape] = {}
    for graph in graphs:
        for step in graph.order:
            outputs[step] = _output_shape(graph.nodes[step], graph, outputs, event)
    return ShapeEnvironment(outputs, event)


def resolver_of(node: Node, graph: Graph, all_shapes: ShapeEnvironment) -> Resolver:
    """A resolver for types only: no step has a variable yet."""
    known = node.facts(graph).known or {}
    codes = {
        step: StepCode("$o", all_shapes.outputs[step], "$r", there=known.get(step) == SUCCEEDED)
        for step in node.needs
        if step in all_shapes.outputs
    }
    return Resolver(graph.parameters, codes, all_shapes.event)


def value_shape(value: Value, reader: Resolver) -> Shape:
    """The shape of a value with templates."""
    match value:
        case Template():
            return render_template(value, reader).shape
        case dict():
            return Shape(frozenset({"object"}), {name: value_shape(item, reader) for name, item in value.items()})
        case list():
            items = [value_shape(item, reader) for item in value]
            same = items[0] if items and all(item == items[0] for item in items) else None
            return Shape(frozenset({"array"}), item=same)
        case _:
            return shape_of_value(value)


@cache
def declared(action: Action) -> Shape:
    """The shape of an action's output."""
    return shape_of(action.outputs.model_json_schema(mode="serialization"))


def _output_shape(node: Node, graph: Graph, outputs: Mapping[str, Shape], event: Mapping[str, Shape] | None) -> Shape:
    shape = declared(node.action) if node.action is not UNKNOWN else ANYTHING
    if node.action.shape is not None and node.step.foreach is None:
        reader = resolver_of(node, graph, ShapeEnvironment(outputs, event))
        shape = node.action.shape({name: value_shape(value, reader) for name, value in node.params.items()})
    return shape if node.step.foreach is None else Shape(frozenset({"array"}), item=shape)
