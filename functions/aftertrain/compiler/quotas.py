"""Machine -> the quotas of Step Functions that it may exceed.

History events are counted in the worst case: every retry used, every loop at its longest. Step Functions ends an
execution whose history is full. Outputs count with the largest size that their actions allow.
"""

from collections.abc import Iterable, Iterator

from aftertrain.asl.measure import MAX_EVENTS, events_of_all, max_events
from aftertrain.asl.states import Machine
from aftertrain.compiler.crossing import Await, lanes
from aftertrain.compiler.diagnostics import Diagnostic
from aftertrain.compiler.graph import Graph
from aftertrain.compiler.infer_shapes import ShapeEnvironment
from aftertrain.compiler.nest import CrossingRegion, ParallelRegion, Region, StepRegion
from aftertrain.compiler.render.resolver import shape_at
from aftertrain.compiler.work import INLINE_CONCURRENCY
from aftertrain.expressions.demand import ABOUT
from aftertrain.expressions.shapes import MAX_BYTES as MAX_PAYLOAD
from aftertrain.expressions.tree import paths

# A latch stores records as text, in which a quotation mark takes two characters.
MAX_LATCHED = MAX_PAYLOAD // 2
SMALL, FEW = {"integer", "number", "boolean", "null"}, 64  # bytes


def check_history(machine: Machine, graph: Graph) -> Iterator[Diagnostic]:
    """Histories that are too long."""
    if events_of_all(machine) > MAX_EVENTS and (events := max_events(machine)) > MAX_EVENTS:
        message = f"an execution may have {events:,} history events, but Step Functions ends it at {MAX_EVENTS:,}"
        yield Diagnostic("AT502", _culprit(graph), message, "lower max_items or retries, or split the pipeline")


def check_payloads(graph: Graph, region: Region, shapes: ShapeEnvironment, key: str) -> Iterator[Diagnostic]:
    """Loops, joins, latches and params that pass on more than a state may hold; `key`: `steps` or `on_failure`."""
    yield from _check_loops(graph, key)
    yield from _check_outputs(graph)
    for parallel in _parallel_regions(region):
        yield from _check_join(parallel, graph, key)
        if isinstance(parallel, CrossingRegion):
            yield from _check_latches(parallel, graph, key)
    yield from _check_params(graph, shapes, key)


def _check_loops(graph: Graph, key: str) -> Iterator[Diagnostic]:
    for index, node in enumerate(graph.nodes.values()):
        if node.step.foreach is not None and graph.output_readers[node.id] and node.max_bytes > MAX_PAYLOAD:
            message = (
                f"the items of {node.id!r} may return {node.max_bytes:,} bytes, but a state passes on {MAX_PAYLOAD:,}"
            )
            hint = "lower max_items, or let items write to a bucket and do not read their outputs"
            yield Diagnostic("AT503", (key, index, "foreach"), message, hint)


def _check_outputs(graph: Graph) -> Iterator[Diagnostic]:
    size = sum(graph.nodes[step].max_bytes for step in graph.nodes if "" in graph.output_readers[step])
    if size > MAX_PAYLOAD:
        message = f"the outputs read up to {size:,} bytes together, but a state passes on {MAX_PAYLOAD:,}"
        yield Diagnostic("AT503", ("outputs",), message, "read fewer outputs, or return references")


def _check_join(parallel: Region, graph: Graph, key: str) -> Iterator[Diagnostic]:
    inside = set(parallel.steps)
    read = [step for step in parallel.steps if graph.output_readers[step] - inside]
    if len(read) > 1:
        yield from _check_total(read, graph, MAX_PAYLOAD, key, "read fewer outputs after the steps join")


def _check_latches(crossing: CrossingRegion, graph: Graph, key: str) -> Iterator[Diagnostic]:
    """All records of a latch arrive together; small ones need no closer check."""
    inside = set(crossing.steps)
    if sum(graph.nodes[step].max_bytes for step in crossing.steps if graph.output_readers[step]) <= MAX_LATCHED:
        return
    for lane in lanes(crossing, graph, lambda step: step not in inside):
        for wait in (entry for entry in lane if isinstance(entry, Await)):
            records = dict.fromkeys(step for steps in wait.steps for step in steps if graph.output_readers[step])
            hint = f"{wait.target!r} gets all of them at once: let the steps write to a bucket, or return less"
            yield from _check_total(records, graph, MAX_LATCHED, key, hint)


def _check_params(graph: Graph, shapes: ShapeEnvironment, key: str) -> Iterator[Diagnostic]:
    """The sizes of a step's params."""
    for index, node in enumerate(graph.nodes.values()):
        if sum(graph.nodes[step].max_bytes for step in node.reads) <= MAX_PAYLOAD:
            continue  # the whole event, which a param hardly ever reads
        read: dict[str, int] = {}
        for path in paths(node.params):
            if path.root == "steps" and path.segments[1] not in ABOUT:
                small = shape_at(shapes.outputs[path.step], path.segments[2:]).kinds <= SMALL
                size = FEW if small else graph.nodes[path.step].max_bytes
                read[path.step] = max(read.get(path.step, 0), size)
        if sum(read.values()) > MAX_PAYLOAD and len(read) > 1:
            names = ", ".join(map(repr, read))
            message = f"{names} may return {sum(read.values()):,} bytes together, but a state takes {MAX_PAYLOAD:,}"
            yield Diagnostic("AT503", (key, index, "params"), message, "read fewer outputs")


def _check_total(steps: Iterable[str], graph: Graph, limit: int, key: str, hint: str) -> Iterator[Diagnostic]:
    read = list(steps)
    size = sum(graph.nodes[step].max_bytes for step in read)
    if size > limit:
        together = " together" if len(read) > 1 else ""
        message = f"{', '.join(map(repr, read))} may return {size:,} bytes{together}, but a state passes on {limit:,}"
        yield Diagnostic("AT503", (key, list(graph.nodes).index(read[-1])), message, hint)


def _parallel_regions(region: Region) -> Iterator[Region]:
    """Every region at which several outputs join."""
    if isinstance(region, ParallelRegion | CrossingRegion):
        yield region
    if not isinstance(region, StepRegion):
        for item in region.items:
            yield from _parallel_regions(item)


def _culprit(graph: Graph) -> tuple[str | int, ...]:
    """The loop with the most items in the execution's own history, or else the whole pipeline."""
    loops = [
        (node.step.foreach.max_items, index)
        for index, node in enumerate(graph.nodes.values())
        if node.step.foreach is not None and node.step.foreach.max_concurrency <= INLINE_CONCURRENCY
    ]
    return ("steps", max(loops)[1], "foreach") if loops else ()
