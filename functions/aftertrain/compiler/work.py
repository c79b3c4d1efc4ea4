"""Step -> the Task that does its work: a Lambda invocation for a task, a worker's activity for a job.

    Node(log)             ->  lambda:invoke of the tasks function with {action, step, execution, params}
    Node(model_evaluate)  ->  an activity with {job, step, execution, params, output_uri}

`Work.result` is the code that reads the step's output from what the service answers.
"""

from dataclasses import dataclass
from typing import Any

from aftertrain.actions.action import LAMBDA_RETRY, WORKER_LOST_RETRY
from aftertrain.asl import jsonata
from aftertrain.asl.states import Retrier
from aftertrain.compiler.bindings import Bindings
from aftertrain.compiler.link import Node
from aftertrain.compiler.render import Reading, render_value

HEARTBEAT_SECONDS = 60
LAMBDA_INVOKE = "arn:aws:states:::lambda:invoke"


@dataclass(frozen=True, slots=True)
class Work:
    """The part of a Task that says what is done, apart from where it stands."""

    resource: str
    arguments: Any
    result: str
    timeout: int
    heartbeat: int | None
    retry: tuple[Retrier, ...]


def work(node: Node, reading: Reading, bindings: Bindings) -> Work:
    """What the step's Task calls, with what, how long, and what is tried again."""
    params = {name: render_value(value, reading) for name, value in node.params.items()}
    common = {"step": node.id, "execution": jsonata.expression(jsonata.EXECUTION_NAME), "params": params}
    timeout = node.step.timeout_seconds or node.action.timeout_seconds
    if node.action.runs == "task":
        arguments = {
            "FunctionName": bindings.tasks_function,
            "Payload": {"action": node.action.name, **common},
        }
        retry = (LAMBDA_RETRY, *node.action.retry, *_written_retry(node))
        return Work(LAMBDA_INVOKE, arguments, "$states.result.Payload", timeout, None, retry)
    arguments = {"job": node.action.name, **common, "output_uri": _output_uri(node, bindings)}
    retry = (WORKER_LOST_RETRY, *node.action.retry, *_written_retry(node))
    heartbeat = HEARTBEAT_SECONDS if timeout > HEARTBEAT_SECONDS else None
    return Work(bindings.activity, arguments, "$states.result", timeout, heartbeat, retry)


def _output_uri(node: Node, bindings: Bindings) -> str:
    start = jsonata.string(f"{bindings.artifacts_uri}/executions/")
    return jsonata.expression(f"{start} & {jsonata.EXECUTION_NAME} & {jsonata.string(f'/{node.id}')}")


def _written_retry(node: Node) -> tuple[Retrier, ...]:
    retry = node.step.retry
    if retry is None or retry.max_attempts == 1:
        return ()
    return (
        Retrier(
            errors=("States.ALL",),
            attempts=retry.max_attempts - 1,
            interval=retry.backoff_seconds,
            rate=retry.backoff_multiplier,
            cap=max(retry.max_backoff_seconds, retry.backoff_seconds + 1),
        ),
    )
