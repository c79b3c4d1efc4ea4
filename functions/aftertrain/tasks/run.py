"""A task's payload -> its output.

    {"action": "log", "step": "hello", "execution": "trig-1-0d9c…", "params": {"message": "hi"}}
    ->  {"logged": true, "message": "hi", "level": "info"}

The params are checked by the action's own model, now that every template in them has its value.
"""

from collections.abc import Callable
from typing import Any

from pydantic import ValidationError

from aftertrain.actions.action import Params
from aftertrain.actions.registry import ACTIONS
from aftertrain.tasks import cluster_health, deployment_create, log, notification
from aftertrain.tasks.ports import Call, Ports, TaskError

TASKS: dict[str, Callable[[Any, Call, Ports], dict[str, Any]]] = {
    "cluster_health": cluster_health.run,
    "deployment_create": deployment_create.run,
    "log": log.run,
    "notification": notification.run,
}


def run(payload: dict[str, Any], time_left: Callable[[], float], ports: Ports) -> dict[str, Any]:
    """Do what a step asks for.

    Raises:
        TaskError: the params do not fit, or name what does not exist.
        OperatorError: it could not be done.
    """
    action = ACTIONS[payload["action"]]
    params = _checked(action.params, payload)
    call = Call(payload["execution"], payload["step"], time_left)
    return action.check_output(TASKS[action.name](params, call, ports))


def _checked(model: type[Params], payload: dict[str, Any]) -> Params:
    try:
        return model.model_validate(payload["params"])
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise TaskError(f"step {payload['step']!r}: {faults}") from None
