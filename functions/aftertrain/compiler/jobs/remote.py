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
from aftertrain.compiler.jobs.given import Given

PROGRAM = ["python3", "-m", "aftertrain.jobs.container"]  # whatever an image would start by itself
OUTPUT = "$parse($states.result.Body).output"


@dataclass(frozen=True, slots=True)
class Look:
    """The call that finds earlier tries, the code of their statuses, and which of these mean what."""

    resource: str
    arguments: dict[str, Any]
    statuses: str
    alive: tuple[str, ...]
    done: str


@dataclass(frozen=True, slots=True)
class Remote:
    """What surrounds the Task of a job that a service runs.

    `unsure`: errors after which nobody knows whether the job was submitted; the next look says. `own`: the code of
    whether the error `$left` is of the job that failed with `$states.input.fault`, if the service tells none itself.
    """

    bucket: str
    folder: str
    input: dict[str, Any]
    look: Look
    unsure: tuple[str, ...]
    own: str = ""


def remote(node: Node, given: Given, bindings: Bindings, look: Look, unsure: tuple[str, ...], **more: Any) -> Remote:
    """The surroundings of a step's job; `more` is what its input has besides."""
    folder = given.folder("", node.id)
    told = {
        "job": node.action.name,
        **given.common(node.id),
        "output_uri": jsonata.expression(given.folder(f"{bindings.artifacts_uri}/", node.id)),
        "most_bytes": node.action.most_bytes,
        **more,
    }
    return Remote(bindings.artifacts_uri.removeprefix("s3://"), folder, told, look, unsure)
