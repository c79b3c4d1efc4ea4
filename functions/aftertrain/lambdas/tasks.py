"""Steps that are tasks: one invocation is one attempt of one step. EventBridge also invokes it about fleets.

{"action": "log", "step": "hello", …}     an attempt of a step
{"resource": "aftertrain-prod-digits"}    a service has changed: advance the deployment on it
{"look_at": "clusters"}                   check the health of all clusters
"""

from typing import Any, Protocol

from aftertrain.lambdas.observability import logger
from aftertrain.lambdas.runtime import tasks as runtime
from aftertrain.tasks.deployments.on_service_event import on_service_event
from aftertrain.tasks.run import run
from aftertrain.tasks.watch_clusters import watch_clusters


class Context(Protocol):
    """The part of Lambda's context that is used."""

    aws_request_id: str

    def get_remaining_time_in_millis(self) -> int:
        """How long this invocation may still run."""


def handler(event: dict[str, Any], context: Context) -> dict[str, Any]:
    """Lambda's entry point; an error fails the step, with the error's class as its name."""
    if "resource" in event:
        status = on_service_event(event["resource"], runtime.ports())
        logger.info("a service has changed", extra={"resource": event["resource"], "deployment": status})
        return {"status": status}
    if "look_at" in event:
        return {"health": watch_clusters(context.aws_request_id, runtime.ports())}
    logger.append_keys(execution=event["execution"], step=event["step"], action=event["action"])
    return run(event, lambda: context.get_remaining_time_in_millis() / 1000, runtime.ports())
