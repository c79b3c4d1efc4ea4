"""Return the values that the step names."""

from typing import Any

from aftertrain.actions.set_output import SetOutputParams
from aftertrain.tasks.ports import StepCall, TaskPorts


def run(params: SetOutputParams, call: StepCall, ports: TaskPorts) -> dict[str, Any]:  # noqa: ARG001 - all tasks are called alike
    """The values by name."""
    return params.outputs
