"""Parallel region -> a Parallel state and the state after it.

    ParallelRegion(b, c)  ->  {"b & c": Parallel([…], [b …], [c …]), "After b & c": Choice(…)}

Each branch returns the records of its steps. If every later step requires that all of them succeeded, a Choice checks
that and assigns the outputs that are read later to variables. Otherwise the records become variables, and later steps
check them.
"""

from collections.abc import Iterator
from typing import Any

from aftertrain.asl import jsonata
from aftertrain.asl.states import Choice, Parallel, Pass, Rule, Scope, State
from aftertrain.compiler.check import variable
from aftertrain.compiler.lower.end import PIPELINE_DONE, any_failed, may_have_failed, way_out
from aftertrain.compiler.lower.position import (
    SURE,
    Plan,
    Position,
    StepView,
    exits_scope,
    record_name,
    records,
    view_of_any_end,
    view_of_success,
)
from aftertrain.model.names import digest

_MAX_NAME = 80

Branches = tuple[tuple[str, ...], ...]  # the steps of each branch


def parallel_name(branches: Branches) -> str:
    """The state's name: the first step of each branch."""
    return clip(" & ".join(branch[0] for branch in branches))


def clip(name: str) -> str:
    """A name within the limit; a hash replaces the cut part, so names stay distinct."""
    return name if len(name) <= _MAX_NAME else f"{name[: _MAX_NAME - 9]}…{digest(name)[:8]}"


def all_needed(branches: Branches, following: tuple[Any, ...], depth: int, plan: Plan) -> bool:
    """Whether the path ends unless every step of the branches is ok, so that each surely succeeded afterwards."""
    steps = [step for branch in branches for step in branch]
    if any(plan.graph.nodes[step].continues_on_failure for step in steps):
        return False
    return all(exits_scope(step, following, depth, plan) for step in steps)


def views_after_parallel(branches: Branches, following: tuple[Any, ...], depth: int, plan: Plan) -> dict[str, StepView]:
    """What is known about the branches' steps after the Parallel."""
    steps = [step for branch in branches for step in branch]
    if all_needed(branches, following, depth, plan):
        return {step: view_of_success(step, depth) for step in steps}
    return {step: view_of_any_end(step, depth, _possible(step, plan)) for step in steps}


def _possible(step: str, plan: Plan) -> frozenset[str]:
    node = plan.graph.nodes[step]
    possible = set(SURE)
    if not plan.ends_all(step):
        possible.add("failed")
    if node.condition is not None or node.requires:
        possible.add("skipped")
    return frozenset(possible)


# The output of an execution whose pipeline has no `outputs`. Records would call a step that was skipped in its branch
# succeeded, because a branch returns only what is read outside it.
NO_OUTPUT: dict[str, Any] = {}


def parallel_states(branches: Branches, scopes: tuple[Scope, ...], position: Position, plan: Plan) -> dict[str, State]:
    """The Parallel and the state after it."""
    name = parallel_name(branches)
    join = clip(f"After {name}")
    found: dict[str, State] = {name: Parallel(scopes, join)}
    outputs = dict(_branch_outputs(branches))
    own = _branch_records(branches, outputs, plan)
    if position.next is None:
        return found | _end_states(join, own, position, plan)
    if not all_needed(branches, position.remaining, position.depth, plan):
        return found | {join: Pass(None, position.next, {record_name(step, position.depth): own[step] for step in own})}
    stop = clip(f"Stop after {name}")
    next_rule = Rule(_all_succeeded(), position.next, _output_variables(outputs, position, plan))
    leads_on = position.depth > 0 or way_out(position, plan) is not None
    end = Pass(records(position, plan, own) if leads_on else NO_OUTPUT, way_out(position, plan))
    if position.depth > 0 or position.end_target is not None:
        return found | {join: Choice((next_rule,), stop), stop: end}
    failed = Rule(jsonata.expression(any_failed(plan)), plan.failure_state, output=_merge_records(position, plan, own))
    if _may_skip(own, plan) or may_have_failed(position, plan):
        return found | {join: Choice((next_rule, failed), stop), stop: end}
    return found | {join: Choice((next_rule,), plan.failure_state)}


def _branch_records(branches: Branches, outputs: dict[str, str], plan: Plan) -> dict[str, Any]:
    """The records that the branches return; a record that only its own branch reads exists only after a failure."""
    codes: dict[str, Any] = {}
    for branch in branches:
        for step in branch:
            code = outputs[step]
            if not plan.graph.record_readers[step] - set(branch):
                code = f"$exists({code}) ? {code} : {{'status': 'succeeded'}}"
            codes[step] = jsonata.expression(code)
    return codes


def _end_states(after: str, codes: dict[str, Any], position: Position, plan: Plan) -> dict[str, State]:
    """The states after the last Parallel of a scope: its records, and at the top the verdict."""
    all_records = records(position, plan, codes)
    if position.depth > 0 or position.end_target is not None or may_have_failed(position, plan):
        return {after: Pass(all_records, way_out(position, plan))}
    failed = Rule(jsonata.expression(any_failed(plan)), plan.failure_state)
    if plan.has_ending:
        return {after: Choice((failed, Rule(jsonata.expression("true"), PIPELINE_DONE, output=all_records)))}
    end = clip(f"Done {after.removeprefix('After ')}")
    return {after: Choice((failed,), end), end: Pass(NO_OUTPUT, None)}


def _merge_records(position: Position, plan: Plan, codes: dict[str, Any]) -> Any:
    """All records, if some of them are in variables; otherwise the input holds them all."""
    return records(position, plan, codes) if may_have_failed(position, plan) else None


def _may_skip(codes: dict[str, Any], plan: Plan) -> bool:
    return any(plan.graph.nodes[step].condition is not None for step in codes)


def _output_variables(outputs: dict[str, str], position: Position, plan: Plan) -> dict[str, Any]:
    """The outputs that steps outside the branches read, as variables."""
    return {
        variable(step, position.depth): jsonata.expression(f"{code}.output")
        for step, code in outputs.items()
        if plan.graph.output_readers[step].difference(outputs)
    }


def _branch_outputs(branches: Branches) -> Iterator[tuple[str, str]]:
    for index, branch in enumerate(branches):
        for step in branch:
            yield step, jsonata.field(f"$states.input[{index}]", step)


def _all_succeeded() -> str:
    return jsonata.expression("$count($filter($states.input.*.status, function($s) {$s != 'succeeded'})) = 0")
