"""Step -> the Task that does its work: a Lambda invocation for a task, a worker's activity for a job.

    Node(log)             ->  lambda:invoke of the tasks function with {action, step, execution, params}
    Node(model_evaluate)  ->  an activity with {job, step, execution, params, output_uri}

`Work.result` is the code that reads the step's output from what the service answers.
"""

from dataclasses import dataclass, replace
from typing import Any

from aftertrain.actions.action import LAMBDA_RETRY, WORKER_LOST_RETRY
from aftertrain.asl import jsonata
from aftertrain.asl.states import Retrier
from aftertrain.compiler.bindings import Bindings
from aftertrain.compiler.calls import pipeline_work
from aftertrain.compiler.graph import Node
from aftertrain.compiler.render.scope import Code, Reader
from aftertrain.compiler.render.template import render_value
from aftertrain.compiler.task import Each, Work
from aftertrain.expressions.shapes import ANYTHING
from aftertrain.expressions.tree import Template
from aftertrain.model.definition import Compute, Foreach, Retry
from aftertrain.model.names import digest

HEARTBEAT_SECONDS = 60
INLINE_CONCURRENCY = 40  # of an inline Map, in AWS
INLINE_ITEMS = 1000  # a try of an item is some ten events, and an execution has 25,000 of them
LAMBDA_INVOKE = "arn:aws:states:::lambda:invoke"
LAMBDA_ASK = "arn:aws:states:::lambda:invoke.waitForTaskToken"
ITEM = "$states.context.Map.Item"
PASSED = {
    "token": "$states.context.Task.Token",
    "depth": f"$exists({jsonata.INPUT}.event.depth) ? {jsonata.INPUT}.event.depth : 0",
}
UNANSWERED = (
    "{'approved': true, 'answered': false, 'by': '', 'comment': 'nobody answered in time', 'decided_at': $now()}"
)


def work(node: Node, reader: Reader, bindings: Bindings, default_retry: Retry | None) -> Work:
    """What the step's Task calls, with what, how long, and what is tried again."""
    if node.step.foreach is None:
        return _work(node, _Given(_params(node, reader), jsonata.EXECUTION_NAME), bindings, default_retry)
    given = _Given(jsonata.expression("$states.input.params"), "$states.input.execution", "$states.input.index")
    return replace(_work(node, given, bindings, default_retry), each=_each(node, node.step.foreach, reader))


@dataclass(frozen=True, slots=True)
class _Given:
    """Params as a field has them; the code of the execution's name, and of the item's place if there are items."""

    params: Any
    execution: str
    index: str | None = None

    def common(self, step: str) -> dict[str, Any]:
        item = {} if self.index is None else {"item": jsonata.expression(self.index)}
        return {"step": step, **item, "execution": jsonata.expression(self.execution), "params": self.params}


def _params(node: Node, reader: Reader) -> dict[str, Any]:
    return {name: render_value(value, reader) for name, value in node.params.items()}


def _work(node: Node, given: _Given, bindings: Bindings, default_retry: Retry | None) -> Work:
    timeout = node.step.timeout_seconds or node.action.timeout_seconds
    written = _written_retry(node.step.retry or default_retry)
    if node.action.runs == "job":
        return _job(node, given, bindings, timeout, (WORKER_LOST_RETRY, *node.action.retry, *written))
    if node.action.runs == "pipeline":
        return pipeline_work(given.params, bindings, timeout, written)
    passed: dict[str, str] = {name: jsonata.expression(PASSED[name]) for name in node.action.passes}
    arguments = {
        "FunctionName": bindings.tasks_function,
        "Payload": {"action": node.action.name, **given.common(node.id), **passed},
    }
    retry = (LAMBDA_RETRY, *node.action.retry, *written)
    if node.action.runs == "question":
        unanswered = UNANSWERED if node.params.get("default") == Template(("approve",)) else None
        return Work(LAMBDA_ASK, arguments, "$states.result", timeout, None, retry, on_timeout=unanswered)
    until = "until" if node.action.runs == "wait" else None
    return Work(LAMBDA_INVOKE, arguments, "$states.result.Payload", timeout, None, retry, until=until)


def _job(node: Node, given: _Given, bindings: Bindings, timeout: int, retry: tuple[Retrier, ...]) -> Work:
    compute = node.step.compute or Compute()
    arguments = {"job": node.action.name, **given.common(node.id), "output_uri": _output_uri(node, given, bindings)}
    heartbeat = HEARTBEAT_SECONDS if timeout > HEARTBEAT_SECONDS else None
    return Work(f"{bindings.activity_prefix}{compute.pool}", arguments, "$states.result", timeout, heartbeat, retry)


def _output_uri(node: Node, given: _Given, bindings: Bindings) -> str:
    parts = [jsonata.string(f"{bindings.artifacts_uri}/executions/"), given.execution, jsonata.string(f"/{node.id}")]
    if given.index is not None:
        parts += [jsonata.string("/"), f"$string({given.index})"]
    return jsonata.expression(" & ".join(parts))


def _each(node: Node, foreach: Foreach, reader: Reader) -> Each:
    """What an item reads is put together here: an execution of its own cannot see what lies outside."""
    naming = reader.naming(foreach.as_, Code(f"{ITEM}.Value", ANYTHING))
    selector = {
        "params": _params(node, naming),
        "execution": jsonata.expression(jsonata.EXECUTION_NAME),
        "index": jsonata.expression(f"{ITEM}.Index"),
    }
    apart = foreach.max_concurrency > INLINE_CONCURRENCY or foreach.max_items > INLINE_ITEMS
    label = f"{node.id[:30]}-{digest(node.id)[:8]}" if apart else None
    most = len(node.items) if isinstance(node.items, list) else foreach.max_items
    return Each(_items(node, foreach, reader), selector, foreach.max_concurrency, label, most)


def _items(node: Node, foreach: Foreach, reader: Reader) -> Any:
    """The array; one that nobody has seen before is looked at, for a Map fails on anything else without a word."""
    rendered = render_value(node.items, reader)
    if isinstance(node.items, list):
        return rendered
    code = rendered.removeprefix("{% ").removesuffix(" %}")
    no_array = "$error('foreach goes over an array, not over a value of type ' & $type($l))"
    too_many = "$error('foreach has ' & $string($count($l)) & ' items, more than max_items')"
    return jsonata.expression(
        f"($l := {code}; $type($l) != 'array' ? {no_array} : $count($l) > {foreach.max_items} ? {too_many} : $l)"
    )


def _written_retry(retry: Retry | None) -> tuple[Retrier, ...]:
    if retry is None or retry.max_attempts == 1:
        return ()
    return (
        Retrier(
            errors=tuple(retry.on) or ("States.ALL",),
            attempts=retry.max_attempts - 1,
            interval=retry.backoff_seconds,
            rate=retry.backoff_multiplier,
            cap=max(retry.max_backoff_seconds, retry.backoff_seconds + 1),
        ),
    )
