"""An execution that has ended -> its remaining jobs on Batch and SageMaker are stopped.

Step Functions stops the jobs that its states wait for when an execution or a branch is stopped. It does not stop a job
after a state's time limit, a job whose submission was never answered, or a running job that was only polled. Such a job
would burn GPU hours for nobody. Jobs are found by their names, which contain the execution's name.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from aftertrain.actions.catalogue import ACTIONS
from aftertrain.compiler.bindings import Bindings
from aftertrain.compiler.jobs.batch import queue_name
from aftertrain.compiler.jobs.job_context import name_prefix
from aftertrain.compiler.jobs.resolve import resolve
from aftertrain.control.ports import Item, Machines, Registry
from aftertrain.control.require import published_definition
from aftertrain.model.definition import Definition


@dataclass(frozen=True, slots=True)
class JobPrefix:
    """Jobs to stop: their backend, their Batch queue, and the prefix of their names."""

    backend: str
    queue: str
    begin: str


class Jobs(Protocol):
    """The jobs of the services."""

    def end(self, target: JobPrefix, reason: str) -> int:
        """Stop all unfinished jobs; returns their number. Raises: BusyError."""


def end_jobs(execution: Item, registry: Registry, machines: Machines, bindings: Bindings, jobs: Jobs) -> int:
    """Stop the jobs that an execution left behind; an execution that was redriven keeps its jobs.

    Raises: BusyError if it has to be repeated, which is harmless.
    """
    if execution["status"] == "running":
        return 0
    targets = list(jobs_of(execution, registry, bindings))
    if not targets or machines.running(execution["arn"]):
        return 0
    reason = f"its execution {execution['id']} has {execution['status']}"
    return sum(jobs.end(target, reason) for target in targets)


def jobs_of(execution: Item, registry: Registry, bindings: Bindings) -> Iterator[JobPrefix]:
    """The jobs that the steps of the execution's pipeline version may have started on services."""
    version = registry.get(f"version#{execution['pipeline_id']}", f"{execution['version']:08}")
    if version is None:
        return
    backends = version.item.get("jobs")
    if backends is None:  # published before backends were stored with a version
        backends = compute_of(published_definition(version.item["definition"]), bindings)
    for step, (backend, queue) in backends.items():
        yield JobPrefix(backend, queue, name_prefix(execution["id"], step))


def compute_of(definition: Definition, bindings: Bindings) -> dict[str, tuple[str, str]]:
    """The backend and the queue of each job that a service runs, by the stage's settings."""
    backends: dict[str, tuple[str, str]] = {}
    for step in (each for each in (*definition.steps, *definition.on_failure) if ACTIONS[each.action].runs == "job"):
        compute = resolve(step, bindings)
        if compute.backend != "worker":
            queue = f"{bindings.batch.queue_prefix}{queue_name(compute)}" if compute.backend == "batch" else ""
            backends[step.id] = (compute.backend, queue)
    return backends
