"""How a machine ends: what decides whether it failed, and what it says then.

    … -> The verdict (Choice) -> The pipeline failed (Fail) | The pipeline is done

These states are there only if something leads to them. Each reads its input: the steps' records, as one object or,
right after a Parallel, as one per branch.
"""

from aftertrain.asl import jsonata
from aftertrain.compiler.lower.position import Plan, Position

PIPELINE_FAILED = "The pipeline failed"  # two blanks before the last word: no step can make this name
PIPELINE_DONE = "The pipeline is done"
VERDICT = "The verdict"


def way_out(position: Position, plan: Plan) -> str | None:
    """Where a scope leads that ends here with no failure of its own last step: None is its end."""
    if position.end_target is not None:
        return position.end_target
    if position.depth > 0:
        return None
    if may_have_failed(position, plan):
        return VERDICT
    return PIPELINE_DONE if plan.has_ending else None


def may_have_failed(position: Position, plan: Plan) -> bool:
    """Whether a step behind this point may have failed that fails the execution."""
    return any(not plan.graph.nodes[step].continues_on_failure for step in position.may_have_failed)


def any_failed(plan: Plan) -> str:
    """Whether a record of the input says that a step failed which fails the execution."""
    if not _continuing_steps(plan):
        return "'failed' in $states.input.*.status"
    return f"$exists($states.input.{_failures(plan)})"


def cause_of(plan: Plan) -> str:
    """The records of the steps that failed the execution, as text."""
    return f"$substring($string($merge($states.input).{_failures(plan)}), 0, 30000)"


def _failures(plan: Plan) -> str:
    continuing = _continuing_steps(plan)
    exclusion = f" and $not($k in [{', '.join(map(jsonata.string, continuing))}])" if continuing else ""
    return f"$sift(function($v, $k) {{$v.status = 'failed'{exclusion}}})"


def _continuing_steps(plan: Plan) -> list[str]:
    return [node.id for node in plan.graph.nodes.values() if node.continues_on_failure]
