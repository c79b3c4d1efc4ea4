"""A job on AWS Batch: `batch:submitJob.sync` into the queue of its GPU type.

    compute: {gpu: 1, gpu_type: L4, spot: true}  ->  JobQueue …l4-spot: spot capacity, then on-demand

`SubmitJob` has no client token. So each attempt of a job has a name of its own with a common prefix, and before
submitting, Batch is asked for all jobs with that prefix. The container gets the location of its input, because
overrides hold at most 8,192 characters. Batch itself retries after a reclaimed host, but not after a failed program.
"""

import math
from dataclasses import replace
from typing import Any

from aftertrain.asl import jsonata
from aftertrain.asl.states import Retrier
from aftertrain.compiler.bindings import Bindings
from aftertrain.compiler.graph import Node
from aftertrain.compiler.jobs.job_context import JobContext
from aftertrain.compiler.jobs.remote import OUTPUT, PROGRAM, EarlierAttempts, service_job
from aftertrain.compiler.work_model import Work
from aftertrain.model.definition import Compute
from aftertrain.model.names import digest

SUBMIT = "arn:aws:states:::batch:submitJob.sync"
LIST = "arn:aws:states:::aws-sdk:batch:listJobs"
ALIVE = ("SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING")
UNSURE = (
    "Batch.AWSBatchException",
    "Batch.BatchException",
    "Batch.ServerException",
    "Batch.SdkClientException",
    "Batch.TooManyRequestsException",
)
IMAGE_TAG = "aftertrain:image"  # names a job's image, for which publishing makes a job definition
# Batch reports only that a program ended; the program writes the reason beside its output, with its job's id.
OWN = "$left.job = $parse($states.input.fault.Cause).JobId"
RECLAIMED_TRIES = 5
QUEUE_SECONDS = 6 * 3600  # how long a job may wait for a machine
SHORTEST_SECONDS = 60  # the shortest time limit that Batch accepts


def queue_kind(compute: Compute) -> str:
    """The kind of machine that a job needs: a GPU type, `gpu` for any GPU, or `cpu`."""
    return (compute.gpu_type or "gpu").lower() if compute.gpu else "cpu"


def queue_name(compute: Compute) -> str:
    """The end of a queue's name: the kind of machine, and whether spot capacity comes first."""
    return f"{queue_kind(compute)}-spot" if compute.spot else queue_kind(compute)


def definition_name(image: str) -> str:
    """The end of a job definition's name, for an image other than the stage's own."""
    return f"image-{digest(image)[:24]}"


def batch_job(
    node: Node, context: JobContext, bindings: Bindings, compute: Compute, timeout: int, retry: tuple[Retrier, ...]
) -> Work:
    """The Task and the states around it."""
    batch = bindings.batch
    queue = f"{batch.queue_prefix}{queue_name(compute)}"
    image = f"{batch.definition_prefix}{definition_name(compute.image)}" if compute.image else batch.job_definition
    arguments = {
        "JobName": jsonata.expression(context.name(node.id)),
        "JobQueue": queue,
        "JobDefinition": image,
        "SchedulingPriorityOverride": 0,  # a fair-share queue refuses jobs without a priority
        "ShareIdentifier": "".join(letter for letter in node.action.name if letter.isalnum()),
        "ContainerOverrides": {
            "Command": [
                *PROGRAM,
                "--folder",
                jsonata.expression(context.folder(f"{bindings.artifacts_uri}/", node.id)),
            ],
            "Environment": [{"Name": "AFTERTRAIN_GPUS", "Value": str(compute.gpu)}],
            "ResourceRequirements": _resources(compute),
        },
        "RetryStrategy": {
            "Attempts": RECLAIMED_TRIES,
            "EvaluateOnExit": [
                {"OnStatusReason": "Host EC2*", "Action": "RETRY"},
                {"OnReason": "*", "Action": "EXIT"},
            ],
        },
        "Timeout": {"AttemptDurationSeconds": max(timeout, SHORTEST_SECONDS)},
        "Tags": {
            "aftertrain:step": node.id,
            "aftertrain:execution": jsonata.expression(context.execution),
            **({IMAGE_TAG: compute.image} if compute.image else {}),
        },
    }
    name = context.base_name(node.id)
    lookup = EarlierAttempts(
        LIST,
        {"JobQueue": queue, "Filters": [{"Name": "JOB_NAME", "Values": [jsonata.expression(f"{name} & '*'")]}]},
        "$states.result.JobSummaryList.Status",
        ALIVE,
        "SUCCEEDED",
    )
    remote_job = replace(service_job(node, context, bindings, lookup, UNSURE), own=OWN)
    # Batch ends each attempt itself; the state waits for all attempts, and for a machine.
    state_timeout = timeout * RECLAIMED_TRIES + QUEUE_SECONDS
    return Work(SUBMIT, arguments, OUTPUT, state_timeout, None, retry, service_job=remote_job)


def _resources(compute: Compute) -> list[dict[str, Any]]:
    needs = {"VCPU": str(math.ceil(compute.cpu)), "MEMORY": str(round(compute.memory_gib * 1024))}
    needs |= {"GPU": str(compute.gpu)} if compute.gpu else {}
    return [{"Type": kind, "Value": value} for kind, value in needs.items()]
