"""An execution that has ended -> the jobs that it left on Batch and SageMaker end too.

Step Functions ends the jobs that its states wait for when an execution is stopped or a branch is. It does not end one
that a state waited for too long, nor does it know of one whose submission was answered to nobody, or that was found
running and looked at now and then; a GPU that works for nobody is paid all the same. Jobs are found by their names,
which are made of the execution's.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from aftertrain.actions.registry import ACTIONS
from aftertrain.compiler.bindings import Bindings
from aftertrain.compiler.jobs.batch import queue_name
from aftertrain.compiler.jobs.job_context import name_prefix
from aftertrain.compiler.jobs.resolve import resolve
from aftertrain.control.ports import Item, Machines, Registry
from aftertrain.control.require import published_definition
from aftertrain.model.definition import Definition


@dataclass(frozen=True, slots=True)
class JobPrefix:
    """Jobs to end: on which backend, in which queue of Batch, and what their names begin with."""

    backend: str
    queue: str
    begin: str


class Jobs(Protocol):
    """The jobs of the services."""

    def end(self, target: JobPrefix, reason: str) -> int:
        """End all that are not over; returns how many there were. Raises: BusyError."""


def end_jobs(execution: Item, registry: Registry, machines: Machines, bindings: Bindings, jobs: Jobs) -> int:
    """End what an execution has left behind; one that runs again by now keeps its jobs.

    Raises: BusyError if it has to be tried again, which may be.
    """
    if execution["status"] == "running":
        return 0
    targets = list(jobs_of(execution, registry, bindings))
    if not targets or machines.running(execution["arn"]):
        return 0
    reason = f"its execution {execution['id']} has {execution['status']}"
    return sum(jobs.end(target, reason) for target in targets)


def jobs_of(execution: Item, registry: Registry, bindings: Bindings) -> Iterator[JobPrefix]:
    """What the steps of its pipeline may have started on services, where the version that it runs has them run."""
    version = registry.get(f"version#{execution['pipeline_id']}", f"{execution['version']:08}")
    if version is None:
        return
    backends = version.item.get("jobs")
    if backends is None:  # it was published when nobody wrote that down
        backends = compute_of(published_definition(version.item["definition"]), bindings)
    for step, (backend, queue) in backends.items():
        yield JobPrefix(backend, queue, name_prefix(execution["id"], step))


def compute_of(definition: Definition, bindings: Bindings) -> dict[str, tuple[str, str]]:
    """The backend of each job that a service runs, and its queue, as the stage's settings say now."""
    backends: dict[str, tuple[str, str]] = {}
    for step in (each for each in (*definition.steps, *definition.on_failure) if ACTIONS[each.action].runs == "job"):
        compute = resolve(step, bindings)
        if compute.backend != "worker":
            queue = f"{bindings.batch.queue_prefix}{queue_name(compute)}" if compute.backend == "batch" else ""
            backends[step.id] = (compute.backend, queue)
    return backends
