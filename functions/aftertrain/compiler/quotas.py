"""Machine -> what it may take at most that Step Functions does not allow.

History events are counted in the worst case: every retry used, every loop as long as it may be. An execution whose
history is full is ended by Step Functions, whatever it is doing. Outputs are counted by what their actions may put out.
"""

from collections.abc import Iterator

from aftertrain.asl.measure import MAX_EVENTS, most_events
from aftertrain.asl.states import Machine
from aftertrain.compiler.diagnostics import Diagnostic
from aftertrain.compiler.graph import Graph, Node
from aftertrain.compiler.nest import Leaf, Region, Side, Weave
from aftertrain.compiler.work import INLINE_CONCURRENCY
from aftertrain.expressions.shapes import MAX_BYTES as MAX_PAYLOAD


def check_quotas(machine: Machine, graph: Graph, region: Region) -> Iterator[Diagnostic]:
    """Histories that are too long, loops and joins that hand on more than a state may."""
    events = most_events(machine)
    if events > MAX_EVENTS:
        message = f"an execution may have {events:,} history events; Step Functions ends it at {MAX_EVENTS:,}"
        yield Diagnostic("AT502", _culprit(graph), message, "lower max_items or retries, or split the pipeline")
    places = {step: place for place, step in enumerate(graph.nodes)}
    for node in graph.nodes.values():
        if node.step.foreach is not None and graph.readers[node.id] and _bytes(node) > MAX_PAYLOAD:
            message = f"the items of {node.id!r} may put out {_bytes(node):,} bytes; a state hands on {MAX_PAYLOAD:,}"
            hint = "lower max_items, or let items write to a bucket and read nothing of them"
            yield Diagnostic("AT503", ("steps", places[node.id], "foreach"), message, hint)
    told = [step for step in graph.nodes if "" in graph.readers[step]]
    size = sum(_bytes(graph.nodes[step]) for step in told)
    if size > MAX_PAYLOAD:
        message = f"the outputs read steps that may put out {size:,} bytes together; a state hands on {MAX_PAYLOAD:,}"
        yield Diagnostic("AT503", ("outputs",), message, "read less of them, or put references out")
    for side in _sides(region):
        inside = set(side.steps)
        read = [step for step in side.steps if graph.readers[step] - inside]
        size = sum(_bytes(graph.nodes[step]) for step in read)
        if size > MAX_PAYLOAD and len(read) > 1:
            message = (
                f"{', '.join(map(repr, read))} may put out {size:,} bytes together; a state hands on {MAX_PAYLOAD:,}"
            )
            yield Diagnostic("AT503", ("steps", places[read[-1]]), message, "read less of them behind where they meet")


def _bytes(node: Node) -> int:
    """What a step may put out."""
    foreach = node.step.foreach
    if foreach is None:
        return node.action.most_bytes
    return node.action.most_bytes * (len(node.items) if isinstance(node.items, list) else foreach.max_items)


def _sides(region: Region) -> Iterator[Region]:
    """Every place at which several outputs are handed on together."""
    if isinstance(region, Side | Weave):
        yield region
    if not isinstance(region, Leaf):
        for item in region.items:
            yield from _sides(item)


def _culprit(graph: Graph) -> tuple[str | int, ...]:
    """The loop with the most items that share the execution's history, else the whole."""
    loops = [
        (node.step.foreach.max_items, index)
        for index, node in enumerate(graph.nodes.values())
        if node.step.foreach is not None and node.step.foreach.max_concurrency <= INLINE_CONCURRENCY
    ]
    return ("steps", max(loops)[1], "foreach") if loops else ()
