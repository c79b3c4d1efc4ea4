"""Write a line to the log, with the execution and the step beside it."""

from typing import Any

from aftertrain.actions.log import LogParams
from aftertrain.tasks.ports import StepCall, TaskPorts

SHOWN = 400  # characters; the whole message is in the log


def run(params: LogParams, call: StepCall, ports: TaskPorts) -> dict[str, Any]:
    """The line as it was written."""
    ports.log(params.level, params.message, {"execution": call.execution, "step": call.step})
    return {"logged": True, "message": params.message[:SHOWN], "level": params.level}
