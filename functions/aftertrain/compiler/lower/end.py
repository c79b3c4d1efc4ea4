"""The end of a machine: the states that decide whether it failed, and the error that it reports.

    … -> The verdict (Choice) -> The pipeline failed (Fail) | The pipeline is done

Each state exists only if another one leads to it. Its input is the steps' records: one object, or right after a
Parallel, one object per branch.
"""

from aftertrain.asl import jsonata
from aftertrain.compiler.lower.position import Plan, Position

PIPELINE_FAILED = "The pipeline failed"  # two blanks before the last word, so no step's state can have this name
PIPELINE_DONE = "The pipeline is done"
VERDICT = "The verdict"


def way_out(position: Position, plan: Plan) -> str | None:
    """The state after a scope that ends here without a failure of its last step; None if the scope simply ends."""
    if position.end_target is not None:
        return position.end_target
    if position.depth > 0:
        return None
    if may_have_failed(position, plan):
        return VERDICT
    return PIPELINE_DONE if plan.has_ending else None


def may_have_failed(position: Position, plan: Plan) -> bool:
    """Whether an earlier step may have failed in a way that fails the execution."""
    return any(not plan.graph.nodes[step].continues_on_failure for step in position.may_have_failed)


def any_failed(plan: Plan) -> str:
    """The code that tells whether a step's record in the input fails the execution."""
    if not _continuing_steps(plan):
        return "'failed' in $states.input.*.status"
    return f"$exists($states.input.{_failures(plan)})"


def cause_of(plan: Plan) -> str:
    """The code of the failed steps' records, as text."""
    return f"$substring($string($merge($states.input).{_failures(plan)}), 0, 30000)"


def _failures(plan: Plan) -> str:
    continuing = _continuing_steps(plan)
    exclusion = f" and $not($k in [{', '.join(map(jsonata.string, continuing))}])" if continuing else ""
    return f"$sift(function($v, $k) {{$v.status = 'failed'{exclusion}}})"


def _continuing_steps(plan: Plan) -> list[str]:
    return [node.id for node in plan.graph.nodes.values() if node.continues_on_failure]
