"""Report the chosen branch; the state machine has evaluated the conditions already."""

from typing import Any

from aftertrain.actions.conditional import ConditionalParams
from aftertrain.tasks.ports import StepCall, TaskPorts


def run(params: ConditionalParams, call: StepCall, ports: TaskPorts) -> dict[str, Any]:  # noqa: ARG001 - all tasks are called alike
    """The first branch whose condition holds, if one does."""
    if params.condition is not None:
        result = params.true_result if params.condition else params.false_result
        branch = "true" if params.condition else "false"
        return _output(result=result, branch=branch)
    taken = next((branch for branch in params.branches if branch.condition), None)
    if taken is None:
        return _output()
    return _output(matched_branch=taken.id, matched_label=taken.label or taken.id, target_step=taken.target_step)


def _output(**values: Any) -> dict[str, Any]:
    names = ("matched_branch", "matched_label", "target_step", "result", "branch")
    return dict.fromkeys(names) | values
