"""A step's compute and the stage's defaults -> where its job runs, and on what.

compute: {gpu: 1}  on a stage with {backend: batch, gpu_type: L4, spot: true}
->  Compute(backend="batch", gpu=1, gpu_type="L4", spot=True, …)
"""

from collections.abc import Iterator

from aftertrain.actions.action import UNKNOWN
from aftertrain.compiler.bindings import Bindings
from aftertrain.compiler.diagnostics import Diagnostic, Place
from aftertrain.compiler.graph import Graph, Node
from aftertrain.compiler.jobs.batch import queue_kind
from aftertrain.model.definition import Compute, Step
from aftertrain.model.instances import FAMILIES, Instance, holds, instance, smallest

HOST_SHARE = 0.93  # share of a machine's memory that containers can use


def resolve(step: Step, bindings: Bindings) -> Compute:
    """The stage's compute, overridden by the step's."""
    overrides = {} if step.compute is None else step.compute.model_dump(exclude_unset=True)
    if "instance_types" not in overrides and overrides.keys() & {"gpu", "gpu_type", "cpu", "memory_gib"}:
        overrides["instance_types"] = []  # the stage's instance types apply only to jobs that request nothing
    compute = bindings.compute.model_copy(update=overrides)
    kinds = {FAMILIES.get(_family(instance_type)) for instance_type in compute.instance_types}
    if len(kinds) == 1 and (kind := kinds.pop()) is not None:
        compute = compute.model_copy(update={"gpu_type": kind, "gpu": compute.gpu or 1})
    return compute


def matching_instances(compute: Compute) -> Instance | None:
    """The cheapest machine that a job fits into; on Batch, the host keeps part of the memory.

    If an instance type has its own disks, SageMaker gives a job those and no others.
    """
    memory = compute.memory_gib / (HOST_SHARE if compute.backend == "batch" else 1.0)
    disk = compute.disk_gib if compute.backend == "sagemaker" else None
    return smallest(compute.gpu, compute.gpu_type, compute.cpu, memory, disk)


def time_limit(node: Node, compute: Compute) -> int:
    """The seconds that one attempt may take: the step's limit, else the compute's, else the action's."""
    return node.step.timeout_seconds or compute.timeout_seconds or node.action.timeout_seconds


def check_compute(graph: Graph, key: str, bindings: Bindings) -> Iterator[Diagnostic]:
    """Compute of steps that are not jobs, and requests that the job's backend cannot fulfil."""
    for index, node in enumerate(graph.nodes.values()):
        yield from _mistakes(node, (key, index, "compute"), bindings)


def _mistakes(node: Node, where: Place, bindings: Bindings) -> Iterator[Diagnostic]:
    if node.action.runs != "job":
        if node.step.compute is not None and node.action is not UNKNOWN:
            yield Diagnostic("AT210", where, f"{node.action.name} is not a job: remove compute")
        return
    compute = resolve(node.step, bindings)
    if compute.backend not in bindings.backends:
        hint = "the stage's backends are in the setting `backends`"
        yield Diagnostic("AT211", where, f"this stage has no backend {compute.backend}", hint)
    if compute.backend == "batch" and not _one_queue(compute):
        message = "these instance types share no Batch queue: use one GPU type, and known families"
        yield Diagnostic("AT211", (*where, "instance_types"), message, f"known families: {', '.join(FAMILIES)}")
    elif compute.backend == "batch" and queue_kind(compute) not in bindings.batch.kinds:
        message = f"this stage has no queue for {compute.gpu_type or 'a GPU without a gpu_type'}"
        yield Diagnostic("AT211", (*where, "gpu_type"), message, f"its queues: {', '.join(bindings.batch.kinds)}")
    yield from _check_capacity(compute, where)


def _check_capacity(compute: Compute, where: Place) -> Iterator[Diagnostic]:
    """Requests that no machine fulfils, or not the named one."""
    if compute.backend == "worker":
        return
    named_instance = instance(compute.instance_types[0]) if compute.instance_types else None
    if compute.backend == "sagemaker" and named_instance is not None and not holds(named_instance, compute.disk_gib):
        message = f"ml.{named_instance.name} has {named_instance.disk_gib} GiB of disk, and SageMaker adds no other"
        yield Diagnostic("AT211", (*where, "disk_gib"), message, "ask for less, or name another of instance_types")
    if not compute.instance_types and matching_instances(compute) is None:
        kind = f" {compute.gpu_type}" if compute.gpu_type else ""
        needs = f"{compute.gpu}{kind} GPUs, {compute.cpu:g} processors and {compute.memory_gib:g} GiB"
        disk = f", and {compute.disk_gib} GiB of disk" if compute.backend == "sagemaker" else ""
        yield Diagnostic("AT211", where, f"no instance has {needs}{disk}", "ask for less, or name instance_types")


def _one_queue(compute: Compute) -> bool:
    families = {_family(instance_type) for instance_type in compute.instance_types}
    return families <= FAMILIES.keys() and len({FAMILIES[instance_type] for instance_type in families}) <= 1


def _family(instance_type: str) -> str:
    return instance_type.removeprefix("ml.").partition(".")[0]
