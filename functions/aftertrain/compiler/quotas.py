"""Machine -> what it may take at most that Step Functions does not allow.

History events are counted in the worst case: every retry used, every loop as long as it may be. An execution whose
history is full is ended by Step Functions, whatever it is doing.
"""

from collections.abc import Iterator

from aftertrain.asl.measure import MAX_EVENTS, measure
from aftertrain.asl.states import Machine
from aftertrain.compiler.diagnostics import Diagnostic
from aftertrain.compiler.graph import Graph
from aftertrain.compiler.work import INLINE_CONCURRENCY


def check_quotas(machine: Machine, graph: Graph) -> Iterator[Diagnostic]:
    """Histories that are too long, and loops that are more than an execution can hold."""
    found = measure(machine)
    if found.most_events > MAX_EVENTS:
        message = (
            f"an execution may have {found.most_events:,} history events; Step Functions ends it at {MAX_EVENTS:,}"
        )
        yield Diagnostic("AT502", _culprit(graph), message, "lower max_items or retries, or split the pipeline")


def _culprit(graph: Graph) -> tuple[str | int, ...]:
    """The loop with the most items that share the execution's history, else the whole."""
    loops = [
        (node.step.foreach.max_items, index)
        for index, node in enumerate(graph.nodes.values())
        if node.step.foreach is not None and node.step.foreach.max_concurrency <= INLINE_CONCURRENCY
    ]
    return ("steps", max(loops)[1], "foreach") if loops else ()
