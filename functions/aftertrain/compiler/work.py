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
from aftertrain.compiler.calls import Call, pipeline_work
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
UNANSWERED = (
    "{'approved': true, 'answered': false, 'by': '', 'comment': 'nobody answered in time', 'decided_at': $now()}"
)


def work(node: Node, reader: Reader, bindings: Bindings, default_retry: Retry | None) -> Work:
    """What the step's Task calls, with what, how long, and what is tried again."""
    if node.step.foreach is None:
        return _work(node, _Given(_params(node, reader)), bindings, default_retry)
    each, given = _each(node, node.step.foreach, reader)
    return replace(_work(node, given, bindings, default_retry), each=each)


@dataclass(frozen=True, slots=True)
class _Given:
    """What a Task is told, as fields have it: a step's own, or what an item finds in its input."""

    params: Any
    execution: str = jsonata.EXECUTION_NAME
    event: str = f"{jsonata.INPUT}.event"
    trigger: str = f"{jsonata.INPUT}.trigger"
    index: str | None = None

    def common(self, step: str) -> dict[str, Any]:
        item = {} if self.index is None else {"item": jsonata.expression(self.index)}
        return {"step": step, **item, "execution": jsonata.expression(self.execution), "params": self.params}

    def passed(self, names: tuple[str, ...]) -> dict[str, str]:
        """What some actions are told besides."""
        depth = f"$exists({self.event}.depth) ? {self.event}.depth : 0"
        codes = {"token": "$states.context.Task.Token", "depth": depth}
        return {name: jsonata.expression(codes[name]) for name in names}


def _params(node: Node, reader: Reader) -> dict[str, Any]:
    return {name: render_value(value, reader) for name, value in node.params.items()}


def _work(node: Node, given: _Given, bindings: Bindings, default_retry: Retry | None) -> Work:
    timeout = node.step.timeout_seconds or node.action.timeout_seconds
    written = _written_retry(node.step.retry or default_retry)
    if node.action.runs == "job":
        return _job(node, given, bindings, timeout, (WORKER_LOST_RETRY, *node.action.retry, *written))
    if node.action.runs == "pipeline":
        call = Call(given.params, given.event, given.trigger)
        return pipeline_work(node, call, bindings, timeout, written)
    arguments = {
        "FunctionName": bindings.tasks_function,
        "Payload": {"action": node.action.name, **given.common(node.id), **given.passed(node.action.passes)},
    }
    if node.action.runs == "question":
        # A no is an answer, and so is none in time: neither is asked again.
        unanswered = UNANSWERED if node.params.get("default") == Template(("approve",)) else None
        return Work(LAMBDA_ASK, arguments, "$states.result", timeout, None, (LAMBDA_RETRY,), on_timeout=unanswered)
    retry = (LAMBDA_RETRY, *node.action.retry, *written)
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


def _each(node: Node, foreach: Foreach, reader: Reader) -> tuple[Each, _Given]:
    """The loop, and what its items are told.

    An item makes its own params, so that one whose templates fail fails alone. Where it is an execution of its own it
    cannot see what lies outside; its params are made for it then, together with all that it reads of the event.
    """
    most = len(node.items) if isinstance(node.items, list) else foreach.max_items
    apart = foreach.max_concurrency > INLINE_CONCURRENCY or most > INLINE_ITEMS
    common = {"execution": jsonata.expression(jsonata.EXECUTION_NAME), "index": jsonata.expression(f"{ITEM}.Index")}
    if apart:
        naming = reader.naming(foreach.as_, Code(f"{ITEM}.Value", ANYTHING))
        outside = {name: jsonata.expression(f"{jsonata.INPUT}.{name}") for name in ("event", "trigger")}
        selector = {"params": _params(node, naming), **common, **outside}
        params: Any = jsonata.expression("$states.input.params")
        own = {"event": "$states.input.event", "trigger": "$states.input.trigger"}
    else:
        selector = {"item": jsonata.expression(f"{ITEM}.Value"), **common}
        params, own = _params(node, reader.naming(foreach.as_, Code("$states.input.item", ANYTHING))), {}
    given = _Given(params, "$states.input.execution", index="$states.input.index", **own)
    label = f"{node.id[:30]}-{digest(node.id)[:8]}" if apart else None
    return Each(_items(node, foreach, reader), selector, foreach.max_concurrency, label, most), given


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
