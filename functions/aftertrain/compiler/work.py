"""Step -> the Task that does its work: a Lambda invocation for a task, a backend's job for a job.

    Node(log)             ->  lambda:invoke of the tasks function with {action, step, execution, params}
    Node(model_evaluate)  ->  an activity with {job, step, execution, params, output_uri}

`Work.result` is the code that reads the step's output from the service's answer.
"""

import math
from dataclasses import replace
from typing import Any

from aftertrain.actions.action import LAMBDA_RETRY
from aftertrain.actions.deployment import UNHEARD_RETRY
from aftertrain.asl import jsonata
from aftertrain.asl.states import Retrier
from aftertrain.compiler.bindings import Bindings
from aftertrain.compiler.calls import ChildCall, pipeline_work
from aftertrain.compiler.graph import Node
from aftertrain.compiler.jobs.batch import batch_job
from aftertrain.compiler.jobs.job_context import JobContext
from aftertrain.compiler.jobs.resolve import resolve, time_limit
from aftertrain.compiler.jobs.sagemaker import sagemaker_job
from aftertrain.compiler.jobs.worker import worker_job
from aftertrain.compiler.render.conditional import render_branches
from aftertrain.compiler.render.resolver import Code, Resolver
from aftertrain.compiler.render.template import render_value
from aftertrain.compiler.work_model import ItemLoop, Work
from aftertrain.expressions.shapes import ANYTHING
from aftertrain.expressions.tree import Template
from aftertrain.model.definition import Foreach, Retry
from aftertrain.model.names import digest

INLINE_CONCURRENCY = 40  # limit of an inline Map in AWS
INLINE_ITEMS = 1000  # one attempt of an item takes about ten events, and an execution has 25,000
BACKENDS = {"worker": worker_job, "batch": batch_job, "sagemaker": sagemaker_job}
LOOK_AGAIN_SECONDS = 1200  # longer than a function runs; without a heartbeat, the step polls after this time
LAMBDA_INVOKE = "arn:aws:states:::lambda:invoke"
LAMBDA_ASK = "arn:aws:states:::lambda:invoke.waitForTaskToken"
ITEM = "$states.context.Map.Item"
UNANSWERED = (
    "{'approved': true, 'answered': false, 'by': '', 'comment': 'nobody answered in time', 'decided_at': $now()}"
)


def work(node: Node, reader: Resolver, bindings: Bindings, default_retry: Retry | None) -> Work:
    """The resource, arguments, time limits and retries of the step's Task."""
    if node.step.foreach is None:
        return _work(node, JobContext(_render_params(node, reader)), bindings, default_retry)
    loop, context = _build_loop(node, node.step.foreach, reader)
    return replace(_work(node, context, bindings, default_retry), each=loop)


def _render_params(node: Node, reader: Resolver) -> dict[str, Any]:
    branches = {"branches": render_branches} if node.action.name == "conditional" else {}
    return {name: branches.get(name, render_value)(value, reader) for name, value in node.params.items()}


def _work(node: Node, context: JobContext, bindings: Bindings, default_retry: Retry | None) -> Work:
    timeout = node.step.timeout_seconds or node.action.timeout_seconds
    custom_retry = _custom_retry(node.step.retry or default_retry)
    if node.action.runs == "job":
        return _job(node, context, bindings, custom_retry)
    if node.action.runs == "pipeline":
        call = ChildCall(context.params, context.event, context.trigger)
        return pipeline_work(node, call, bindings, timeout, custom_retry)
    arguments: dict[str, Any] = {
        "FunctionName": bindings.tasks_function,
        "Payload": {"action": node.action.name, **context.common(node.id), **context.passed(node.action.passes)},
    }
    if node.action.runs == "question":
        # An answer ends the question, and so does a timeout: neither is retried.
        unanswered = UNANSWERED if node.params.get("default") == Template(("approve",)) else None
        return Work(LAMBDA_ASK, arguments, "$states.result", timeout, None, (LAMBDA_RETRY,), on_timeout=unanswered)
    retry = (LAMBDA_RETRY, *node.action.retry, *custom_retry)
    if node.action.runs == "deployment":
        return _deployment(arguments, timeout, retry)
    until = None
    if node.action.runs == "wait":
        until = "until"
        if node.step.timeout_seconds is not None:  # a Wait state has no time limit of its own
            arguments["Payload"]["within_seconds"] = node.step.timeout_seconds
    return Work(LAMBDA_INVOKE, arguments, "$states.result.Payload", timeout, None, retry, until=until)


def _deployment(arguments: dict[str, Any], timeout: int, retry: tuple[Retrier, ...]) -> Work:
    """Each poll is an attempt with its own time limit; all of them together have the step's time limit."""
    if timeout <= LOOK_AGAIN_SECONDS:
        return Work(LAMBDA_ASK, arguments, "$states.result", timeout, None, retry)
    polls = math.ceil(timeout / LOOK_AGAIN_SECONDS) - 1
    bounded = tuple(replace(retrier, attempts=polls) if retrier == UNHEARD_RETRY else retrier for retrier in retry)
    return Work(LAMBDA_ASK, arguments, "$states.result", timeout, LOOK_AGAIN_SECONDS, bounded)


def _job(node: Node, context: JobContext, bindings: Bindings, retry: tuple[Retrier, ...]) -> Work:
    compute = resolve(node.step, bindings)
    limit = time_limit(node, compute)
    if compute.backend != "worker":
        retry = tuple(replace(entry, errors=tuple(dict.fromkeys(map(_service_error, entry.errors)))) for entry in retry)
    return BACKENDS[compute.backend](node, context, bindings, compute, limit, (*node.action.retry, *retry))


def _service_error(error: str) -> str:
    """The service's error name, which does not tell a program's error or time limit from other failures."""
    is_known = error.startswith("States.") and error not in ("States.Timeout", "States.HeartbeatTimeout")
    return error if is_known else "States.TaskFailed"


def _build_loop(node: Node, foreach: Foreach, reader: Resolver) -> tuple[ItemLoop, JobContext]:
    """The loop, and the job context of its items.

    Each item computes its own params, so one with failing templates fails alone. An item that is an execution of its
    own cannot see variables outside; its params, and what it reads of the event, are computed before it starts.
    """
    max_items = node.max_items
    distributed = foreach.max_concurrency > INLINE_CONCURRENCY or max_items > INLINE_ITEMS
    common = {"execution": jsonata.expression(jsonata.EXECUTION_NAME), "index": jsonata.expression(f"{ITEM}.Index")}
    if distributed:
        item_reader = reader.naming(foreach.as_, Code(f"{ITEM}.Value", ANYTHING))
        outside = {name: jsonata.expression(f"{jsonata.INPUT}.{name}") for name in ("event", "trigger")}
        selector = {"params": _render_params(node, item_reader), **common, **outside}
        params: Any = jsonata.expression("$states.input.params")
        codes = {"event": "$states.input.event", "trigger": "$states.input.trigger"}
    else:
        selector = {"item": jsonata.expression(f"{ITEM}.Value"), **common}
        params, codes = _render_params(node, reader.naming(foreach.as_, Code("$states.input.item", ANYTHING))), {}
    context = JobContext(params, "$states.input.execution", index="$states.input.index", **codes)
    label = f"{node.id[:30]}-{digest(node.id)[:8]}" if distributed else None
    return ItemLoop(_items(node, foreach, reader), selector, foreach.max_concurrency, label, max_items), context


def _items(node: Node, foreach: Foreach, reader: Resolver) -> Any:
    """The array; an unknown value is checked first, because a Map fails on anything else without a message."""
    rendered = render_value(node.items, reader)
    if isinstance(node.items, list):
        return rendered
    code = rendered.removeprefix("{% ").removesuffix(" %}")
    no_array = "$error('foreach needs an array, not a value of type ' & $type($l))"
    too_many = "$error('foreach has ' & $string($count($l)) & ' items, more than max_items')"
    return jsonata.expression(
        f"($l := {code}; $type($l) != 'array' ? {no_array} : $count($l) > {foreach.max_items} ? {too_many} : $l)"
    )


def _custom_retry(retry: Retry | None) -> tuple[Retrier, ...]:
    if retry is None or retry.max_attempts == 1:
        return ()
    return (
        Retrier(
            errors=tuple(retry.on) or ("States.ALL",),
            attempts=retry.max_attempts - 1,
            interval=retry.backoff_seconds,
            rate=retry.backoff_multiplier,
            cap=max(retry.max_backoff_seconds, retry.backoff_seconds + 1),
            uses_time_limit=retry.on == ["States.Timeout"],
        ),
    )
