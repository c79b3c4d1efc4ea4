"""Compiled pipeline -> views for people: mermaid, dot, a tree, the cost.

tree(compiled)  ->  eval-convert-deploy
                    ├─ evaluate  model_evaluate
                    ├─ convert  model_convert
                    └─ deploy  deployment_create  after evaluate, convert  if steps.evaluate.output…
"""

from aftertrain.asl.measure import measure
from aftertrain.compiler.compile import Compiled
from aftertrain.compiler.graph import Graph
from aftertrain.compiler.jobs.estimate import estimates


def mermaid(compiled: Compiled) -> str:
    """The steps as a flowchart, without edges that others imply."""
    lines = ["flowchart LR"]
    for prefix, graph in _graphs(compiled):
        names = {step: f"{prefix}{index}" for index, step in enumerate(graph.nodes)}
        for node in graph.nodes.values():
            opening, closing = ("{{", "}}") if node.condition is not None else ("[", "]")
            lines.append(f'    {names[node.id]}{opening}"{node.id}<br/>{node.action.name}"{closing}')
        lines += [f"    {names[before]} --> {names[after]}" for before, after in edges(graph)]
    return "\n".join(lines) + "\n"


def dot(compiled: Compiled) -> str:
    """The steps as a graph for Graphviz."""
    lines = ["digraph {", "  rankdir=LR;", "  node [shape=box, style=rounded];"]
    for _, graph in _graphs(compiled):
        for node in graph.nodes.values():
            shape = ", shape=diamond" if node.condition is not None else ""
            lines.append(f'  "{node.id}" [label="{node.id}\\n{node.action.name}"{shape}];')
        lines += [f'  "{before}" -> "{after}";' for before, after in edges(graph)]
    return "\n".join([*lines, "}"]) + "\n"


def tree(compiled: Compiled) -> str:
    """One line per step, in a possible order of execution."""
    lines = [compiled.definition.name]
    graphs = _graphs(compiled)
    rows = [_row(graph, step, prefix) for prefix, graph in graphs for step in graph.order]
    lines += [f"├─ {row}" for row in rows[:-1]] + [f"└─ {rows[-1]}"]
    return "\n".join(lines) + "\n"


def cost(compiled: Compiled) -> str:
    """Transitions, history events and dollars per execution."""
    totals = measure(compiled.machine)
    rows = [
        ("transitions, if every step runs once", f"{totals.transitions:,}"),
        ("transitions at most, if every retry is used", f"{totals.max_transitions:,}"),
        ("history events at most (of 25,000)", f"{totals.max_events:,}"),
        ("writes to latches", f"{totals.writes:,}"),
        ("function invocations", f"{totals.invocations:,}"),
        ("dollars per run, without jobs", f"{totals.dollars:.6f}"),
        ("definition, bytes (of 1,048,576)", f"{len(compiled.asl.encode()):,}"),
        *_jobs(compiled),
    ]
    width = max(len(label) for label, _ in rows)
    return "".join(f"{label:<{width}}  {value:>12}\n" for label, value in rows)


def _jobs(compiled: Compiled) -> list[tuple[str, str]]:
    """The cost of each job and their sum; empty if no price is known and no GPU is requested."""
    jobs = [job for _, graph in _graphs(compiled) for job in estimates(graph, compiled.bindings)]
    rows = [
        (f"dollars per hour of {job.step}, approximately", f"{job.dollars_per_hour:.4f}")
        for job in jobs
        if job.dollars_per_hour is not None
    ]
    if hours := sum(job.gpu_hours for job in jobs):
        rows.append(("GPU hours at most, if every job runs to its time limit", f"{hours:,.1f}"))
    if any(job.dollars is not None for job in jobs):
        rows.append(
            ("dollars at most, if every job runs to its time limit", f"{sum(job.dollars or 0 for job in jobs):,.2f}")
        )
    return rows


def edges(graph: Graph) -> list[tuple[str, str]]:
    """The direct edges, without those that others imply."""
    ancestors: dict[str, set[str]] = {}
    pairs: list[tuple[str, str]] = []
    for step in graph.order:
        needs = graph.nodes[step].needs
        transitive = set().union(*(ancestors[need] for need in needs)) if needs else set()
        ancestors[step] = transitive | set(needs)
        pairs += [(need, step) for need in needs if need not in transitive]
    return pairs


def _graphs(compiled: Compiled) -> list[tuple[str, Graph]]:
    linked = compiled.linked
    return [("s", linked.graph), *([("f", linked.failure_graph)] if linked.failure_graph.nodes else [])]


def _row(graph: Graph, step: str, prefix: str) -> str:
    node = graph.nodes[step]
    direct = [before for before, after in edges(graph) if after == step]
    return "  ".join(
        [
            step,
            node.action.name,
            *(["on failure"] if prefix == "f" else []),
            *([f"for each {node.step.foreach.as_}"] if node.step.foreach else []),
            *([f"after {', '.join(direct)}"] if direct else []),
            *([f"if {node.step.condition}"] if node.step.condition is not None else []),
        ]
    )
