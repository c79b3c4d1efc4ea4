"""The jobs of a graph -> their maximal cost: each one once, until its time limit.

    {id: score, compute: {gpu: 2, gpu_type: L4}, timeout_seconds: 1800}  ->  Estimate("score", 0.5, 2, 2.3008)

Workers have no known price, so their dollars are None.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from aftertrain.compiler.bindings import Bindings
from aftertrain.compiler.graph import Graph
from aftertrain.compiler.jobs.price import dollars_per_hour
from aftertrain.compiler.jobs.resolve import resolve, time_limit


@dataclass(frozen=True, slots=True)
class Estimate:
    """A step's job, or all jobs of its items: maximal hours, GPUs of each, and dollars per hour."""

    step: str
    hours: float
    gpus: int
    dollars_per_hour: float | None

    @property
    def gpu_hours(self) -> float:
        """The maximum."""
        return self.hours * self.gpus

    @property
    def dollars(self) -> float | None:
        """The approximate maximum."""
        return None if self.dollars_per_hour is None else self.hours * self.dollars_per_hour


def estimates(graph: Graph, bindings: Bindings) -> Iterator[Estimate]:
    """One estimate per job, in definition order."""
    for node in graph.nodes.values():
        if node.action.runs == "job":
            compute = resolve(node.step, bindings)
            hours = time_limit(node, compute) * node.max_items / 3600
            yield Estimate(node.id, hours, compute.gpu, dollars_per_hour(compute))
