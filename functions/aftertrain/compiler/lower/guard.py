"""Step -> the Choice in front of it, if there is one: does it run, is it skipped, or is there no telling?

    condition: event.score > 0.5   ->   If deploy -> deploy | Skip deploy | Cannot decide deploy

There is none where every step that this one requires surely was ok and it has no condition.
"""

from dataclasses import dataclass
from typing import Any

from aftertrain.asl import jsonata
from aftertrain.asl.states import Choice, Pass, Rule, State
from aftertrain.compiler.graph import Node
from aftertrain.compiler.jobs.resolve import resolve
from aftertrain.compiler.lower.job import prepare_name
from aftertrain.compiler.lower.plan import FAILED, SKIPPED, Env, Gate, Plan, Turn, record_name, records
from aftertrain.compiler.render.template import Decision, render_condition
from aftertrain.expressions.tree import ALWAYS

RUNS = Decision("true", "", "")


@dataclass(frozen=True, slots=True)
class Exits:
    """Where a step leads that does not succeed: None goes on to what comes next, else the scope ends there."""

    skipped: str | None
    failed: str | None
    skipped_leaves: bool
    failed_leaves: bool


def guarded(node: Node, gate: Gate) -> bool:
    """Whether a step has a Choice in front of it."""
    return node.condition not in (None, ALWAYS) or bool(gate)


def entry(node: Node, gate: Gate, plan: Plan) -> str:
    """The state that a step begins with."""
    return f"If {node.id}" if guarded(node, gate) else first_state(node, plan)


def first_state(node: Node, plan: Plan) -> str:
    """The state that a step begins with once it is decided that it runs."""
    return work_state(node, plan) if plan.slots is None else f"Acquire {node.id}"


def work_state(node: Node, plan: Plan) -> str:
    """The state that a step's work begins with: a job that a service runs has its input brought there first."""
    local = node.action.runs != "job" or resolve(node.step, plan.bindings).backend == "worker"
    return node.id if local or node.step.foreach is not None else prepare_name(node.id)


def guard(node: Node, turn: Turn, plan: Plan, exits: Exits) -> dict[str, State]:
    """The Choice and what it leads to besides the step's own first state."""
    if not guarded(node, turn.gate):
        return {}
    gate = " and ".join(turn.gate)
    decision = RUNS
    if node.condition is not None:
        decision = render_condition(node.condition, plan.reader(node, turn.env))
    rules = [Rule(_both(gate, decision.holds), first_state(node, plan))]
    states: dict[str, State] = {}
    if decision.undecided:
        rule, more = _undecided(node, turn, plan, exits, decision)
        rules.insert(0, Rule(_both(gate, decision.undecided), rule.next, rule.assign))
        states |= more
    if exits.skipped_leaves:
        skip = f"Skip {node.id}"
        states[skip] = Pass(records(turn, plan, {node.id: {"status": SKIPPED}}), exits.skipped)
        return {f"If {node.id}": Choice(tuple(rules), skip), **states}
    assert turn.next is not None
    skipped = {record_name(node.id, turn.depth): {"status": SKIPPED}}
    rules.append(Rule(jsonata.expression("true"), turn.next, skipped))
    return {f"If {node.id}": Choice(tuple(rules)), **states}


def _undecided(node: Node, turn: Turn, plan: Plan, exits: Exits, decision: Decision) -> tuple[Rule, dict[str, State]]:
    record: dict[str, Any] = {
        "status": FAILED,
        "error": "ConditionFailed",
        "cause": jsonata.expression(f"{jsonata.string(f'{node.id}: ')} & {decision.why}"),
    }
    if exits.failed_leaves:
        name = f"Cannot decide {node.id}"
        return Rule("", name), {name: Pass(records(turn, plan, {node.id: record}), exits.failed)}
    assert turn.next is not None
    return Rule("", turn.next, {record_name(node.id, turn.depth): record}), {}


def _both(gate: str, condition: str) -> str:
    if not gate:
        return jsonata.expression(condition)
    return jsonata.expression(gate if condition == "true" else f"{gate} ? {condition} : false")


def gate_of(node: Node, env: Env, plan: Plan) -> Gate:
    """What must hold of the steps that this one requires, as far as it is not sure."""
    terms = []
    for need in plan.graph.gates[node.id]:
        seen, goes_on = env[need], plan.graph.nodes[need].goes_on
        bad = seen.possible - ({"succeeded", "failed"} if goes_on else {"succeeded"})
        if bad:
            terms.append(f"{seen.record}.status " + ('!= "skipped"' if goes_on else '= "succeeded"'))
    return tuple(terms)
