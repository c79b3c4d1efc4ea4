"""Write a line to the log, with the execution and the step."""

from typing import Any

from aftertrain.actions.log import LogParams
from aftertrain.tasks.ports import StepCall, TaskPorts

SHOWN = 400  # characters in the output; the log has the whole message


def run(params: LogParams, call: StepCall, ports: TaskPorts) -> dict[str, Any]:
    """The written line."""
    ports.log(params.level, params.message, {"execution": call.execution, "step": call.step})
    return {"logged": True, "message": params.message[:SHOWN], "level": params.level}
