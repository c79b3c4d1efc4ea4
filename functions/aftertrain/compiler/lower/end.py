"""How a machine ends: what decides whether it failed, and what it says then.

    … -> The verdict (Choice) -> The pipeline failed (Fail) | The pipeline is done

These states are there only if something leads to them. Each reads its input: the steps' records, as one object or,
right after a Parallel, as one per branch.
"""

from aftertrain.asl import jsonata
from aftertrain.compiler.lower.plan import Plan, Turn

PIPELINE_FAILED = "The pipeline failed"  # two blanks before the last word: no step can make this name
PIPELINE_DONE = "The pipeline is done"
VERDICT = "The verdict"


def way_out(turn: Turn, plan: Plan) -> str | None:
    """Where a scope leads that ends here with no failure of its own last step: None is its end."""
    if turn.over is not None:
        return turn.over
    if turn.depth > 0:
        return None
    if may_have_failed(turn, plan):
        return VERDICT
    return PIPELINE_DONE if plan.finishes else None


def may_have_failed(turn: Turn, plan: Plan) -> bool:
    """Whether a step behind this point may have failed that fails the execution."""
    return any(not plan.graph.nodes[step].goes_on for step in turn.doubtful)


def any_failed(plan: Plan) -> str:
    """Whether a record of the input says that a step failed which fails the execution."""
    if not _forgiven(plan):
        return "'failed' in $states.input.*.status"
    return f"$exists($states.input.{_failures(plan)})"


def cause_of(plan: Plan) -> str:
    """The records of the steps that failed the execution, as text."""
    return f"$substring($string($merge($states.input).{_failures(plan)}), 0, 30000)"


def _failures(plan: Plan) -> str:
    forgiven = _forgiven(plan)
    known = f" and $not($k in [{', '.join(map(jsonata.string, forgiven))}])" if forgiven else ""
    return f"$sift(function($v, $k) {{$v.status = 'failed'{known}}})"


def _forgiven(plan: Plan) -> list[str]:
    return [node.id for node in plan.graph.nodes.values() if node.goes_on]
