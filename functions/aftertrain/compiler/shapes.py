"""Graph -> what is known of the values in it before it runs: the outputs of its steps, the fields of its events.

{id: evaluate, action: model_evaluate}  ->  outputs["evaluate"] = Shape({"object"}, {"accuracy": number, …})
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from aftertrain.actions.action import UNKNOWN, Action
from aftertrain.compiler.bindings import Bindings
from aftertrain.compiler.event_types import fields_of
from aftertrain.compiler.graph import Graph, Node
from aftertrain.compiler.render.scope import Reader, StepCode
from aftertrain.compiler.render.template import Value, render_template
from aftertrain.expressions.shapes import ANYTHING, Shape, shape_of, shape_of_value
from aftertrain.expressions.tree import Template
from aftertrain.model.definition import Definition


@dataclass(frozen=True, slots=True)
class Shapes:
    """`outputs` by step; `event`: the fields of an event's data that are known, None if any may be there."""

    outputs: Mapping[str, Shape]
    event: Mapping[str, Shape] | None


def shapes(definition: Definition, bindings: Bindings, *graphs: Graph) -> Shapes:
    """What is known of a pipeline's values."""
    event = fields_of([trigger.event_type for trigger in definition.triggers], bindings.schema_of)
    outputs: dict[str, Shape] = {}
    for graph in graphs:
        for step in graph.order:
            outputs[step] = _output(graph.nodes[step], graph, outputs, event)
    return Shapes(outputs, event)


def reader_of(node: Node, graph: Graph, known: Shapes) -> Reader:
    """A reader for types alone: no step has a variable yet."""
    codes = {step: StepCode("$o", known.outputs[step], "$r") for step in node.needs if step in known.outputs}
    return Reader(graph.parameters, codes, known.event)


def value_shape(value: Value, reader: Reader) -> Shape:
    """The shape that a value with templates in it has when the step runs."""
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
    """The shape of what an action puts out."""
    return shape_of(action.outputs.model_json_schema(mode="serialization"))


def _output(node: Node, graph: Graph, outputs: Mapping[str, Shape], event: Mapping[str, Shape] | None) -> Shape:
    shape = declared(node.action) if node.action is not UNKNOWN else ANYTHING
    if node.action.shape is not None and node.step.foreach is None:
        reader = reader_of(node, graph, Shapes(outputs, event))
        shape = node.action.shape({name: value_shape(value, reader) for name, value in node.params.items()})
    return shape if node.step.foreach is None else Shape(frozenset({"array"}), item=shape)
