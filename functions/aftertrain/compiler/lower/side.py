"""Regions side by side -> a Parallel and the state behind it.

    Side(b, c)  ->  {"b & c": Parallel([…], [b …], [c …]), "After b & c": Choice(…)}

Each branch puts out the records of its steps. If nothing that comes later can run unless all of them were ok, a Choice
goes on if they were, and makes variables of the outputs that are read later. Else the records become variables, and who
comes later looks at them.
"""

from collections.abc import Iterator
from typing import Any

from aftertrain.asl import jsonata
from aftertrain.asl.states import Choice, Parallel, Pass, Rule, Scope, State
from aftertrain.compiler.check import variable
from aftertrain.compiler.lower.end import PIPELINE_DONE, any_failed, may_have_failed, way_out
from aftertrain.compiler.lower.plan import SURE, Plan, Seen, Turn, leaves, lenient, record_name, records, strict
from aftertrain.model.names import digest

_NAME = 80

Branches = tuple[tuple[str, ...], ...]  # the steps of each branch


def side_name(branches: Branches) -> str:
    """The Parallel is named after the first step of each branch."""
    return clip(" & ".join(branch[0] for branch in branches))


def clip(name: str) -> str:
    """A name that fits; what is cut off still tells it from others."""
    return name if len(name) <= _NAME else f"{name[: _NAME - 9]}…{digest(name)[:8]}"


def all_needed(branches: Branches, rest: tuple[Any, ...], depth: int, plan: Plan) -> bool:
    """Whether the path is left unless every step of the branches is ok, and then each of them surely succeeded."""
    steps = [step for branch in branches for step in branch]
    if any(plan.graph.nodes[step].goes_on for step in steps):
        return False
    return all(leaves(step, rest, depth, plan) for step in steps)


def seen_after_side(branches: Branches, rest: tuple[Any, ...], depth: int, plan: Plan) -> dict[str, Seen]:
    """What is known of the branches' steps behind the Parallel."""
    steps = [step for branch in branches for step in branch]
    if all_needed(branches, rest, depth, plan):
        return {step: strict(step, depth) for step in steps}
    return {step: lenient(step, depth, _possible(step, plan)) for step in steps}


def _possible(step: str, plan: Plan) -> frozenset[str]:
    node = plan.graph.nodes[step]
    possible = set(SURE)
    if not plan.ends_all(step):
        possible.add("failed")
    if node.condition is not None or node.requires:
        possible.add("skipped")
    return frozenset(possible)


def side_states(branches: Branches, scopes: tuple[Scope, ...], turn: Turn, plan: Plan) -> dict[str, State]:
    """The Parallel and what follows it."""
    name = side_name(branches)
    after = clip(f"After {name}")
    found: dict[str, State] = {name: Parallel(scopes, after)}
    outputs = dict(_branch_outputs(branches))
    own = _own(branches, outputs, plan)
    if turn.next is None:
        return found | _ending(after, own, turn, plan)
    if not all_needed(branches, turn.rest, turn.depth, plan):
        return found | {after: Pass(None, turn.next, {record_name(step, turn.depth): own[step] for step in own})}
    stop = clip(f"Stop after {name}")
    onward = Rule(_all_succeeded(), turn.next, _lifted(outputs, turn, plan))
    end = Pass(records(turn, plan, own), way_out(turn, plan))
    if turn.depth > 0 or turn.over is not None:
        return found | {after: Choice((onward,), stop), stop: end}
    bad = Rule(jsonata.expression(any_failed(plan)), plan.bad, output=_merged(turn, plan, own))
    if _may_skip(own, plan) or may_have_failed(turn, plan):
        return found | {after: Choice((onward, bad), stop), stop: end}
    return found | {after: Choice((onward,), plan.bad)}


def _own(branches: Branches, outputs: dict[str, str], plan: Plan) -> dict[str, Any]:
    """The records as the branches put them out; what nobody outside of its branch asks for is there if it failed."""
    found: dict[str, Any] = {}
    for branch in branches:
        for step in branch:
            code = outputs[step]
            if not plan.graph.asked[step] - set(branch):
                code = f"$exists({code}) ? {code} : {{'status': 'succeeded'}}"
            found[step] = jsonata.expression(code)
    return found


def _ending(after: str, own: dict[str, Any], turn: Turn, plan: Plan) -> dict[str, State]:
    """Behind the last Parallel of a scope: its records, and at the top the verdict."""
    whole = records(turn, plan, own)
    if turn.depth > 0 or turn.over is not None or may_have_failed(turn, plan):
        return {after: Pass(whole, way_out(turn, plan))}
    bad = Rule(jsonata.expression(any_failed(plan)), plan.bad)
    if plan.finishes:
        return {after: Choice((bad, Rule(jsonata.expression("true"), PIPELINE_DONE, output=whole)))}
    end = clip(f"Sum up {after.removeprefix('After ')}")
    return {after: Choice((bad,), end), end: Pass(whole, None)}


def _merged(turn: Turn, plan: Plan, own: dict[str, Any]) -> Any:
    """All records, where some of them are in variables; else the input has them all."""
    return records(turn, plan, own) if may_have_failed(turn, plan) else None


def _may_skip(own: dict[str, Any], plan: Plan) -> bool:
    return any(plan.graph.nodes[step].condition is not None for step in own)


def _lifted(outputs: dict[str, str], turn: Turn, plan: Plan) -> dict[str, Any]:
    """The outputs that steps outside of the branches read, as variables."""
    return {
        variable(step, turn.depth): jsonata.expression(f"{code}.output")
        for step, code in outputs.items()
        if plan.graph.readers[step].difference(outputs)
    }


def _branch_outputs(branches: Branches) -> Iterator[tuple[str, str]]:
    for index, branch in enumerate(branches):
        for step in branch:
            yield step, jsonata.field(f"$states.input[{index}]", step)


def _all_succeeded() -> str:
    return jsonata.expression("$count($filter($states.input.*.status, function($s) {$s != 'succeeded'})) = 0")
