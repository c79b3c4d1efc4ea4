"""Step -> the Choice before it, if it needs one: run, skip, or fail because the condition cannot be decided.

    condition: event.score > 0.5   ->   If deploy -> deploy | Skip deploy | Cannot decide deploy

A step needs no Choice if it has no condition and every required step has surely succeeded.
"""

from dataclasses import dataclass
from typing import Any

from aftertrain.asl import jsonata
from aftertrain.asl.states import Choice, Pass, Rule, State
from aftertrain.compiler.graph import Node
from aftertrain.compiler.jobs.resolve import resolve
from aftertrain.compiler.lower.position import FAILED, SKIPPED, Env, Plan, Position, Precondition, record_name, records
from aftertrain.compiler.lower.service_job import prepare_name
from aftertrain.compiler.render.template import ConditionCode, render_condition
from aftertrain.expressions.tree import ALWAYS

UNDECIDED = "ConditionFailed"  # the error of a step whose condition is neither true nor false
RUNS = ConditionCode("true", "", "")


@dataclass(frozen=True, slots=True)
class Exits:
    """The states after a step that does not succeed. None: the path goes on, or the scope ends there."""

    skipped: str | None
    failed: str | None
    skipped_leaves: bool
    failed_leaves: bool


def has_guard(node: Node, precondition: Precondition) -> bool:
    """Whether a step has a Choice before it."""
    return node.condition not in (None, ALWAYS) or bool(precondition)


def entry(node: Node, precondition: Precondition, plan: Plan) -> str:
    """The first state of a step."""
    return f"If {node.id}" if has_guard(node, precondition) else first_state(node, plan)


def first_state(node: Node, plan: Plan) -> str:
    """The first state of a step after its guard."""
    return work_state(node, plan) if plan.permits is None else f"Acquire {node.id}"


def work_state(node: Node, plan: Plan) -> str:
    """The first state of a step's work; a service's job has its input prepared first."""
    local = node.action.runs != "job" or resolve(node.step, plan.bindings).backend == "worker"
    return node.id if local or node.step.foreach is not None else prepare_name(node.id)


def guard(node: Node, position: Position, plan: Plan, exits: Exits) -> dict[str, State]:
    """The Choice, and the states that it leads to besides the step's first one."""
    if not has_guard(node, position.precondition):
        return {}
    precondition = " and ".join(position.precondition)
    decision = RUNS
    if node.condition is not None:
        decision = render_condition(node.condition, plan.reader(node, position.env))
    rules = [Rule(_conjunction(precondition, decision.holds), first_state(node, plan))]
    states: dict[str, State] = {}
    if decision.undecided:
        rule, extra_states = _failure(node, position, plan, exits, decision)
        rules.insert(0, Rule(_conjunction(precondition, decision.undecided), rule.next, rule.assign))
        states |= extra_states
    if exits.skipped_leaves:
        skip = f"Skip {node.id}"
        states[skip] = Pass(records(position, plan, {node.id: {"status": SKIPPED}}), exits.skipped)
        return {f"If {node.id}": Choice(tuple(rules), skip), **states}
    assert position.next is not None
    skipped = {record_name(node.id, position.depth): {"status": SKIPPED}}
    rules.append(Rule(jsonata.expression("true"), position.next, skipped))
    return {f"If {node.id}": Choice(tuple(rules)), **states}


def _failure(
    node: Node, position: Position, plan: Plan, exits: Exits, decision: ConditionCode
) -> tuple[Rule, dict[str, State]]:
    record: dict[str, Any] = {
        "status": FAILED,
        "error": UNDECIDED,
        "cause": jsonata.expression(f"{jsonata.string(f'{node.id}: ')} & {decision.why}"),
    }
    if exits.failed_leaves:
        name = f"Cannot decide {node.id}"
        return Rule("", name), {name: Pass(records(position, plan, {node.id: record}), exits.failed)}
    assert position.next is not None
    return Rule("", position.next, {record_name(node.id, position.depth): record}), {}


def _conjunction(precondition: str, condition: str) -> str:
    if not precondition:
        return jsonata.expression(condition)
    return jsonata.expression(precondition if condition == "true" else f"{precondition} ? {condition} : false")


def precondition_of(node: Node, env: Env, plan: Plan) -> Precondition:
    """The conditions on required steps that are not surely met."""
    terms = []
    for need in plan.graph.gating_steps[node.id]:
        seen, continues_on_failure = env[need], plan.graph.nodes[need].continues_on_failure
        failure_state = seen.possible - ({"succeeded", "failed"} if continues_on_failure else {"succeeded"})
        if failure_state:
            terms.append(f"{seen.record}.status " + ('!= "skipped"' if continues_on_failure else '= "succeeded"'))
    return tuple(terms)
