"""A graph -> the same without circles, and what is wrong with those that were in it.

a needs b, b needs a  ->  AT302 these steps wait for each other: a -> b -> a; and neither needs the other

Steps that wait for each other by several circles are one knot, of which one circle is told. Of a definition that has
knots nothing is compiled; they are undone so that its other mistakes are found.
"""

from dataclasses import replace
from graphlib import CycleError
from typing import Any

from aftertrain.asl.postorder import postorder
from aftertrain.compiler.diagnostics import Diagnostic
from aftertrain.compiler.graph import Graph, Node
from aftertrain.expressions.tree import without


def cut_open(graph: Graph, key: str) -> tuple[Graph, list[Diagnostic]]:
    """The graph, and a complaint for each knot."""
    if not _circle(graph):
        return graph, []
    places = {step: index for index, step in enumerate(graph.nodes)}
    found: list[Diagnostic] = []
    nodes = dict(graph.nodes)
    for knot in _knots(graph):
        if circle := _circle(_only(graph, knot)):
            message = f"these steps wait for each other: {' -> '.join(circle)}"
            found.append(Diagnostic("AT302", (key, min(places[step] for step in circle)), message))
            nodes |= {step: _not_waiting(graph.nodes[step], knot) for step in knot}
    return replace(graph, nodes=nodes), found


def _circle(graph: Graph) -> list[str]:
    """Steps of which each needs the next one, the last of them being the first; empty if there is no circle."""
    try:
        graph.order  # noqa: B018  # it is kept for the stages that follow; a circle has no order
    except CycleError as error:
        return list(reversed(error.args[1]))
    return []


def _only(graph: Graph, steps: set[str]) -> Graph:
    nodes = {step: node for step, node in graph.nodes.items() if step in steps}
    for step, node in nodes.items():
        nodes[step] = replace(node, needs=tuple(need for need in node.needs if need in steps))
    return replace(graph, nodes=nodes)


def _knots(graph: Graph) -> list[set[str]]:
    """The steps that lead to each other, together: first all in the order of their ends, then back (Kosaraju)."""
    needs = {step: node.needs for step, node in graph.nodes.items()}
    needed: dict[str, list[str]] = {step: [] for step in needs}
    for step, others in needs.items():
        for other in others:
            needed[other].append(step)
    seen: set[str] = set()
    ends = [end for step in needs for end in postorder(step, needs.__getitem__, seen)]
    seen = set()
    return [set(knot) for step in reversed(ends) if (knot := postorder(step, needed.__getitem__, seen))]


def _not_waiting(node: Node, knot: set[str]) -> Node:
    """The step without its need of those that need it; what it reads of them may be anything."""

    def unread(value: Any) -> Any:
        return without(value, lambda path: path.root == "steps" and path.step in knot)

    return replace(
        node,
        params=unread(node.params),
        condition=unread(node.condition),
        items=unread(node.items),
        needs=tuple(need for need in node.needs if need not in knot),
        reads=node.reads - knot,
        looks_at=node.looks_at - knot,
    )
