"""A graph -> the same graph without cycles, and a mistake for each cycle.

    a needs b, b needs a  ->  AT302 these steps wait for each other: a -> b -> a; and neither needs the other

Steps on several common cycles form one strongly connected component, of which one cycle is reported. A definition with
cycles is never compiled; they are broken only so that its other mistakes are found.
"""

from dataclasses import replace
from graphlib import CycleError
from typing import Any

from aftertrain.asl.postorder import postorder
from aftertrain.compiler.diagnostics import Diagnostic
from aftertrain.compiler.graph import Graph, Node
from aftertrain.expressions.tree import replace_mistaken


def break_cycles(graph: Graph, key: str) -> tuple[Graph, list[Diagnostic]]:
    """The graph without cycles, and a diagnostic for each component."""
    if not _find_cycle(graph):
        return graph, []
    positions = {step: index for index, step in enumerate(graph.nodes)}
    diagnostics: list[Diagnostic] = []
    nodes = dict(graph.nodes)
    for component in _strong_components(graph):
        if cycle := _find_cycle(_subgraph(graph, component)):
            message = f"these steps wait for each other: {' -> '.join(cycle)}"
            diagnostics.append(Diagnostic("AT302", (key, min(positions[step] for step in cycle)), message))
            nodes |= {step: _drop_needs(graph.nodes[step], component) for step in component}
    return replace(graph, nodes=nodes), diagnostics


def _find_cycle(graph: Graph) -> list[str]:
    """A cycle of steps, each needing the next; empty if the graph has none."""
    try:
        graph.order  # noqa: B018  # cached for later phases; raises on a cycle
    except CycleError as error:
        return list(reversed(error.args[1]))
    return []


def _subgraph(graph: Graph, steps: set[str]) -> Graph:
    nodes = {step: node for step, node in graph.nodes.items() if step in steps}
    for step, node in nodes.items():
        nodes[step] = replace(node, needs=tuple(need for need in node.needs if need in steps))
    return replace(graph, nodes=nodes)


def _strong_components(graph: Graph) -> list[set[str]]:
    """The strongly connected components, by Kosaraju's algorithm."""
    needs = {step: node.needs for step, node in graph.nodes.items()}
    dependents: dict[str, list[str]] = {step: [] for step in needs}
    for step, required in needs.items():
        for need in required:
            dependents[need].append(step)
    seen: set[str] = set()
    ends = [end for step in needs for end in postorder(step, needs.__getitem__, seen)]
    seen = set()
    return [set(component) for step in reversed(ends) if (component := postorder(step, dependents.__getitem__, seen))]


def _drop_needs(node: Node, component: set[str]) -> Node:
    """The step without its needs inside the component; what it reads from them may be anything."""

    def drop_reads(value: Any) -> Any:
        return replace_mistaken(value, lambda path: path.root == "steps" and path.step in component)

    return replace(
        node,
        params=drop_reads(node.params),
        condition=drop_reads(node.condition),
        items=drop_reads(node.items),
        needs=tuple(need for need in node.needs if need not in component),
        reads=node.reads - component,
        references=node.references - component,
    )
