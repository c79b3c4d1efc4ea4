"""What the backends outside of workers have in common: a job's input goes to a bucket, and its output comes from there.

    Prepare evaluate (putObject) -> Look for evaluate -> Is evaluate there (Choice)
        -> evaluate (.sync) -> Read evaluate (getObject)

`Look for` finds the tries that were made before: an answer that got lost never starts a second machine beside the
first. A try that is still running is waited for in `Mind evaluate`; one that went well is not repeated.
"""

from dataclasses import dataclass
from typing import Any

from aftertrain.asl import jsonata
from aftertrain.compiler.bindings import Bindings
from aftertrain.compiler.graph import Node
from aftertrain.compiler.jobs.job_context import JobContext

PROGRAM = ["python3", "-m", "aftertrain.jobs.container"]  # whatever an image would start by itself
OUTPUT = "$parse($states.result.Body).output"


@dataclass(frozen=True, slots=True)
class EarlierAttempts:
    """The call that finds earlier tries, the code of their statuses, and which of these mean what."""

    resource: str
    arguments: dict[str, Any]
    statuses: str
    alive: tuple[str, ...]
    done: str


@dataclass(frozen=True, slots=True)
class ServiceJob:
    """What surrounds the Task of a job that a service runs.

    `unsure`: errors after which nobody knows whether the job was submitted; the next look says. `own`: the code of
    whether the error `$left` is of the job that failed with `$states.input.fault`, if the service tells none itself.
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
    """The surroundings of a step's job; `more` is what its input has besides."""
    folder = context.folder("", node.id)
    job_input = {
        "job": node.action.name,
        **context.common(node.id),
        "output_uri": jsonata.expression(context.folder(f"{bindings.artifacts_uri}/", node.id)),
        "max_bytes": node.action.max_bytes,
        **extra,
    }
    return ServiceJob(bindings.artifacts_uri.removeprefix("s3://"), folder, job_input, lookup, unsure)
