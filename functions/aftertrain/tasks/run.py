"""A task's payload -> its output.

    {"action": "log", "step": "hello", "execution": "trig-1-0d9c…", "params": {"message": "hi"}}
    ->  {"logged": true, "message": "hi", "level": "info"}

The action's own model checks the params, now that every template in them has its value.
"""

from collections.abc import Callable
from typing import Any

from pydantic import ValidationError

from aftertrain.actions.action import Params
from aftertrain.actions.catalogue import ACTIONS
from aftertrain.tasks import (
    aggregate,
    approval,
    cluster_deployments,
    cluster_health,
    conditional,
    deployment_create,
    deployment_delete,
    deployment_hold,
    deployment_rollback,
    deployment_scale,
    deployment_update,
    event_emit,
    fail,
    http_request,
    log,
    notification,
    set_output,
    transform,
    wait_until,
)
from aftertrain.tasks.ports import StepCall, TaskError, TaskPorts

TASKS: dict[str, Callable[[Any, StepCall, TaskPorts], dict[str, Any] | None]] = {
    "aggregate": aggregate.run,
    "approval": approval.run,
    "cluster_deployments": cluster_deployments.run,
    "cluster_health": cluster_health.run,
    "conditional": conditional.run,
    "deployment_create": deployment_create.run,
    "deployment_delete": deployment_delete.run,
    "deployment_hold": deployment_hold.run,
    "deployment_rollback": deployment_rollback.run,
    "deployment_scale": deployment_scale.run,
    "deployment_update": deployment_update.run,
    "event_emit": event_emit.run,
    "fail": fail.run,
    "http_request": http_request.run,
    "log": log.run,
    "notification": notification.run,
    "set_output": set_output.run,
    "transform": transform.run,
    "wait_until": wait_until.run,
}


def run(payload: dict[str, Any], time_left: Callable[[], float], ports: TaskPorts) -> dict[str, Any]:
    """Run a step's action. A step that waits for an answer gets it by its token, now or later.

    Raises:
        TaskError: the params do not fit, or name something that does not exist.
        OperatorError: the action failed.
    """
    action = ACTIONS[payload["action"]]
    params = _validate_params(action.params, payload)
    call = StepCall(
        payload["execution"],
        payload["step"],
        time_left,
        payload.get("item"),
        payload.get("depth", 0),
        payload.get("token", ""),
        payload.get("within_seconds"),
    )
    output = TASKS[action.name](params, call, ports)
    if action.runs == "question" or output is None:
        return {}
    checked = action.check_output(output)
    if action.runs == "deployment":
        ports.answers.succeed(call.token, checked)
    return checked


def _validate_params(model: type[Params], payload: dict[str, Any]) -> Params:
    try:
        return model.model_validate(payload["params"])
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, detail['loc']))}: {detail['msg']}" for detail in error.errors())
        raise TaskError(f"step {payload['step']!r}: {faults}") from None
