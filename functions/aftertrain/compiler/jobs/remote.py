"""What Batch and SageMaker jobs share: the input goes to a bucket, and the output comes back from it.

    Prepare evaluate (putObject) -> Look for evaluate -> Is evaluate there (Choice)
        -> evaluate (.sync) -> Read evaluate (getObject)

`Look for` finds earlier attempts, so a lost answer never starts a second machine beside the first. A running attempt is
awaited in `Mind evaluate`; a successful one is not repeated.
"""

from dataclasses import dataclass
from typing import Any

from aftertrain.asl import jsonata
from aftertrain.compiler.bindings import Bindings
from aftertrain.compiler.graph import Node
from aftertrain.compiler.jobs.job_context import JobContext

PROGRAM = ["python3", "-m", "aftertrain.jobs.container"]  # replaces the image's own command
OUTPUT = "$parse($states.result.Body).output"


@dataclass(frozen=True, slots=True)
class EarlierAttempts:
    """The call that finds earlier attempts, the code of their statuses, and the meaning of the statuses."""

    resource: str
    arguments: dict[str, Any]
    statuses: str
    alive: tuple[str, ...]
    done: str


@dataclass(frozen=True, slots=True)
class ServiceJob:
    """The states around the Task of a job that a service runs.

    `unsure`: errors after which a submission may or may not have worked; the next lookup decides. `own`: the code that
    tells whether the error `$left` belongs to the job that failed with `$states.input.fault`, if the service reports
    none.
    """

    bucket: str
    folder: str
    input: dict[str, Any]
    look: EarlierAttempts
    unsure: tuple[str, ...]
    own: str = ""


def service_job(
    node: Node, context: JobContext, bindings: Bindings, lookup: EarlierAttempts, unsure: tuple[str, ...], **extra: Any
) -> ServiceJob:
    """The states around a step's job; `extra`: further fields of its input."""
    folder = context.folder("", node.id)
    job_input = {
        "job": node.action.name,
        **context.common(node.id),
        "output_uri": jsonata.expression(context.folder(f"{bindings.artifacts_uri}/", node.id)),
        "max_bytes": node.action.max_bytes,
        **extra,
    }
    return ServiceJob(bindings.artifacts_uri.removeprefix("s3://"), folder, job_input, lookup, unsure)
