"""A job on a worker: an activity with {job, step, execution, params, output_uri, max_bytes, lease_seconds}.

A worker that sends no heartbeat for the time of its lease loses the task to another worker, and knows that it has.
"""

from dataclasses import replace

from aftertrain.actions.action import WORKER_LOST_RETRY
from aftertrain.asl import jsonata
from aftertrain.asl.states import Retrier
from aftertrain.compiler.bindings import Bindings
from aftertrain.compiler.graph import Node
from aftertrain.compiler.jobs.job_context import JobContext
from aftertrain.compiler.work_model import Work
from aftertrain.model.definition import Compute

HEARTBEAT_SECONDS = 180
SHORT_SECONDS = 60  # for jobs with a shorter time limit: four heartbeats of a worker


def worker_job(
    node: Node, context: JobContext, bindings: Bindings, compute: Compute, timeout: int, retry: tuple[Retrier, ...]
) -> Work:
    """The Task; the first worker of the pool to ask gets it."""
    output = jsonata.expression(context.folder(f"{bindings.artifacts_uri}/", node.id))
    heartbeat = next((seconds for seconds in (HEARTBEAT_SECONDS, SHORT_SECONDS) if timeout > seconds), None)
    lease = heartbeat or timeout
    arguments = {
        "job": node.action.name,
        **context.common(node.id),
        "output_uri": output,
        "max_bytes": node.action.max_bytes,
        "lease_seconds": lease,
    }
    return Work(
        f"{bindings.activity_prefix}{compute.pool}",
        arguments,
        "$states.result",
        timeout,
        heartbeat,
        (_lost_worker_retry(retry), *retry),
    )


def _lost_worker_retry(retry: tuple[Retrier, ...]) -> Retrier:
    """Give a lost worker's task to another one at once, at least as often as the author's retry allows."""
    attempts = (item.attempts for item in retry if {"States.HeartbeatTimeout", "States.ALL"}.intersection(item.errors))
    return replace(WORKER_LOST_RETRY, attempts=max(WORKER_LOST_RETRY.attempts, *attempts, 0))
