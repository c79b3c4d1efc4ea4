"""Definition + region tree -> the whole machine.

    steps                  ->  their states at the top, and the end: The verdict, The pipeline is done, … failed
    on_failure             ->  On failure -> their states -> The pipeline failed
    … with a time limit    ->  Pipeline, a Parallel of the steps and of a Deadline; its Catch leads to On failure

When Step Functions itself ends an execution at its time limit, no further step can run. So if steps must run after a
timeout, the limit is a parallel branch, whose failure stops the other branches.
"""

from typing import Any

from aftertrain.asl import jsonata
from aftertrain.asl.states import Catcher, Choice, Fail, Machine, Parallel, Pass, Rule, Scope, State, targets
from aftertrain.compiler.bindings import Bindings
from aftertrain.compiler.graph import Graph
from aftertrain.compiler.infer_shapes import ShapeEnvironment
from aftertrain.compiler.lower.deadline import REPORT, deadline, report
from aftertrain.compiler.lower.end import PIPELINE_DONE, PIPELINE_FAILED, VERDICT, any_failed, cause_of
from aftertrain.compiler.lower.merge_choices import merge_choices
from aftertrain.compiler.lower.position import FAILED, Plan
from aftertrain.compiler.lower.scope import items_of, scope
from aftertrain.compiler.nest import Region
from aftertrain.compiler.render.resolver import Resolver, StepCode
from aftertrain.compiler.render.template import render_template, render_value, templates
from aftertrain.compiler.width import width
from aftertrain.expressions.shapes import UNKNOWN
from aftertrain.model.definition import Definition, PipelineSettings

WEEK = 7 * 24 * 3600  # seconds; without a limit, a job that no worker takes would wait for a year
ON_FAILURE, PIPELINE = "On failure", "The pipeline"
FAILURE = {"error": "StepFailed"}
CAUSE = "$exists($states.errorOutput.Cause) ? $substring($states.errorOutput.Cause, 0, 2000) : ''"


def lower(
    definition: Definition,
    steps: tuple[Graph, Region],
    failure: tuple[Graph, Region] | None,
    bindings: Bindings,
    shapes: ShapeEnvironment,
) -> Machine:
    """The whole machine; its comment names the pipeline."""
    graph, region = steps
    settings = definition.settings
    limit = settings.timeout_seconds
    seconds = (limit or _weeks(graph)) + (WEEK if failure else 0)  # `on_failure` steps have time of their own
    plan = Plan(
        graph,
        bindings,
        settings,
        shapes.outputs,
        shapes.event,
        seconds=seconds,
        permits=_slots(graph, settings),
        has_ending=bool(definition.outputs),
        failure_state=ON_FAILURE if failure else PIPELINE_FAILED,
    )
    if failure is None:
        top = scope(items_of(region), {}, 0, plan)
        fused = merge_choices(top.states | _ends(top.states, plan), top.start)
        return Machine(definition.name, Scope(top.start, fused), seconds)
    failure_scope = _failure_scope(failure, bindings, shapes, plan)
    if limit or settings.fail_fast:
        top = _guarded_scope(region, limit, failure_scope.start, plan)
    else:
        top = scope(items_of(region), {}, 0, plan)
    states = top.states | _ends(top.states, plan, {ON_FAILURE: _failure_state(plan, failure_scope.start)})
    if any(failure_scope.start in targets(state) for state in states.values()):
        states |= failure_scope.states  # otherwise nothing can fail the pipeline
    return Machine(definition.name, Scope(top.start, merge_choices(states, top.start)), seconds)


def _weeks(graph: Graph) -> int:
    """One week, and a second one if a step may wait for a week."""
    waits = any(node.action.runs in ("wait", "question", "pipeline") for node in graph.nodes.values())
    return 2 * WEEK if waits else WEEK


def _slots(graph: Graph, settings: PipelineSettings) -> int | None:
    limit = settings.max_parallel_steps
    return limit if limit is not None and width(graph) > limit else None


def _ends(states: dict[str, State], plan: Plan, extra_ends: dict[str, State] | None = None) -> dict[str, State]:
    """The end states that another state leads to."""
    candidates = {
        VERDICT: Choice((Rule(jsonata.expression(any_failed(plan)), plan.failure_state),), PIPELINE_DONE),
        **_done_states(plan),
        **(extra_ends or {PIPELINE_FAILED: Fail("StepFailed", jsonata.expression(cause_of(plan)))}),
    }
    ends: dict[str, State] = {}
    reachable = {target for state in states.values() for target in targets(state)} - set(states)
    while fresh := [name for name in candidates if name in reachable and name not in ends]:
        ends |= {name: candidates[name] for name in fresh}
        reachable |= {target for name in fresh for target in targets(candidates[name])}
    return ends


def _done_states(plan: Plan) -> dict[str, State]:
    """The end of a successful pipeline: its outputs, read from the records.

    A Pass cannot catch an error in them, so with `on_failure` steps the Pass lies in a Parallel, which can.
    """
    rendered, fails = _outputs(plan)
    if not (fails and plan.failure_state == ON_FAILURE):
        return {PIPELINE_DONE: Pass(rendered, None)}
    outputs_scope = Scope("The outputs", {"The outputs": Pass(rendered, None)})
    error = {"outputs": {"status": FAILED, "error": "OutputsFailed", "cause": jsonata.expression(CAUSE)}}
    return {
        PIPELINE_DONE: Parallel((outputs_scope,), "The pipeline is over", (Catcher(plan.failure_state, error),)),
        "The pipeline is over": Pass(jsonata.expression("$states.input[0]"), None),
    }


def _outputs(plan: Plan) -> tuple[Any, bool]:
    """The pipeline's outputs, and whether computing them may fail."""
    if not plan.has_ending:
        return None, False
    codes = {step: _code(step, plan) for step in plan.graph.nodes}
    reader = Resolver(plan.graph.parameters, codes, plan.event)
    rendered = {name: render_value(value, reader) for name, value in plan.graph.outputs.items()}
    fails = any(render_template(template, reader).fails for _, template in templates(dict(plan.graph.outputs), ()))
    return rendered, fails


def _code(step: str, plan: Plan) -> StepCode:
    record = jsonata.field("$states.input", step)
    return StepCode(f"{record}.output", plan.shapes.get(step, UNKNOWN), record, there=False)


def _failure_scope(failure: tuple[Graph, Region], bindings: Bindings, shapes: ShapeEnvironment, main: Plan) -> Scope:
    """The `on_failure` steps and the end after them."""
    settings = PipelineSettings(retry=main.settings.retry)
    plan = Plan(failure[0], bindings, settings, shapes.outputs, shapes.event, seconds=main.seconds)
    body = scope(items_of(failure[1]), {}, 0, plan, end_target=PIPELINE_FAILED)
    fail = Fail(jsonata.expression("$failure.error"), jsonata.expression("$failure.cause"))
    return Scope(body.start, body.states | {PIPELINE_FAILED: fail})


def _failure_state(plan: Plan, next_state: str) -> State:
    """The failure, as the `on_failure` steps read it."""
    return Pass(None, next_state, {"failure": {**FAILURE, "cause": jsonata.expression(cause_of(plan))}})


def _guarded_scope(region: Region, limit: int | None, failure_start: str, plan: Plan) -> Scope:
    """The steps as one branch, which can be stopped as a whole."""
    first = scope(items_of(region), {}, 1, plan, end_target=REPORT if limit else None)
    branches = [Scope(first.start, first.states | (report(plan) if limit else {}))]
    if limit:
        branches.append(deadline(limit, plan))
    stopped = {
        "failure": {
            "error": jsonata.expression("$states.errorOutput.Error"),
            "cause": jsonata.expression("$exists($states.errorOutput.Cause) ? $states.errorOutput.Cause : ''"),
        }
    }
    failed = Rule(jsonata.expression(any_failed(plan)), plan.failure_state)
    good = Rule(jsonata.expression("true"), PIPELINE_DONE, output=jsonata.expression("$states.input[0]"))
    return Scope(
        PIPELINE,
        {
            PIPELINE: Parallel(tuple(branches), VERDICT, (Catcher(failure_start, assign=stopped),)),
            VERDICT: Choice((failed, good)),
        },
    )
