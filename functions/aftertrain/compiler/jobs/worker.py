"""A job on a worker: an activity with {job, step, execution, params, output_uri, most_bytes, lease_seconds}.

A worker that is not heard of for the time of its lease has lost the task to another one, and knows that itself.
"""

from dataclasses import replace

from aftertrain.actions.action import WORKER_LOST_RETRY
from aftertrain.asl import jsonata
from aftertrain.asl.states import Retrier
from aftertrain.compiler.bindings import Bindings
from aftertrain.compiler.graph import Node
from aftertrain.compiler.jobs.given import Given
from aftertrain.compiler.task import Work
from aftertrain.model.definition import Compute

HEARTBEAT_SECONDS = 180
SHORT_SECONDS = 60  # of jobs that may not take that long: four beats of a worker's heart


def worker_job(
    node: Node, given: Given, bindings: Bindings, compute: Compute, timeout: int, retry: tuple[Retrier, ...]
) -> Work:
    """The Task; whichever worker of the pool asks first gets it."""
    output = jsonata.expression(given.folder(f"{bindings.artifacts_uri}/", node.id))
    heartbeat = next((each for each in (HEARTBEAT_SECONDS, SHORT_SECONDS) if timeout > each), None)
    lease = heartbeat or timeout
    arguments = {
        "job": node.action.name,
        **given.common(node.id),
        "output_uri": output,
        "most_bytes": node.action.most_bytes,
        "lease_seconds": lease,
    }
    return Work(
        f"{bindings.activity_prefix}{compute.pool}",
        arguments,
        "$states.result",
        timeout,
        heartbeat,
        (_lost(retry), *retry),
    )


def _lost(retry: tuple[Retrier, ...]) -> Retrier:
    """A lost worker's task goes to another one at once, as often as the author says if that is more often."""
    written = (each.attempts for each in retry if {"States.HeartbeatTimeout", "States.ALL"}.intersection(each.errors))
    return replace(WORKER_LOST_RETRY, attempts=max(WORKER_LOST_RETRY.attempts, *written, 0))
