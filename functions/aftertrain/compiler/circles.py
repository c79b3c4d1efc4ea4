"""A graph -> the same without circles, and what is wrong with each that was in it.

a needs b, b needs a  ->  AT302 these steps wait for each other: a -> b -> a; and a graph in which a does not need b

Of a definition that has circles nothing is compiled; it is cut open so that its other mistakes are found.
"""

from dataclasses import replace
from graphlib import CycleError
from typing import Any

from aftertrain.compiler.diagnostics import Diagnostic
from aftertrain.compiler.graph import Graph, Node
from aftertrain.expressions.tree import without


def cut_open(graph: Graph, key: str) -> tuple[Graph, list[Diagnostic]]:
    """The graph, and a complaint for each circle."""
    found: list[Diagnostic] = []
    while circle := _circle(graph):
        index = next(index for index, step in enumerate(graph.nodes) if step in circle)
        message = f"these steps wait for each other: {' -> '.join(circle)}"
        found.append(Diagnostic("AT302", (key, index), message))
        waiting, awaited = circle[:2]
        node = _not_waiting(graph.nodes[waiting], awaited)
        graph = replace(graph, nodes=graph.nodes | {waiting: node})
    return graph, found


def _circle(graph: Graph) -> list[str]:
    """Steps of which each needs the next one, the last of them being the first; empty if there is no circle."""
    try:
        graph.order  # noqa: B018  # it is kept for the stages that follow; a circle has no order
    except CycleError as error:
        return list(reversed(error.args[1]))
    return []


def _not_waiting(node: Node, awaited: str) -> Node:
    """The step without its need of another one; what it reads of that one may be anything."""

    def unread(value: Any) -> Any:
        return without(value, lambda path: path.root == "steps" and path.step == awaited)

    return replace(
        node,
        params=unread(node.params),
        condition=unread(node.condition),
        items=unread(node.items),
        needs=tuple(need for need in node.needs if need != awaited),
        reads=node.reads - {awaited},
        looks_at=node.looks_at - {awaited},
    )
