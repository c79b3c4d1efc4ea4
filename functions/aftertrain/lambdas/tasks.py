"""The steps that are tasks: one invocation is one try of one step. Besides, news of fleets, pushed by EventBridge.

{"action": "log", "step": "hello", …}     a try of a step
{"resource": "aftertrain-prod-digits"}    a service has changed: the deployment on it goes on
{"look_at": "clusters"}                   it is time to look how the clusters are
"""

from typing import Any, Protocol

from aftertrain.lambdas.observability import logger
from aftertrain.lambdas.runtime import tasks as runtime
from aftertrain.tasks.deployments.on_service_event import on_service_event
from aftertrain.tasks.run import run
from aftertrain.tasks.watch_clusters import watch_clusters


class Context(Protocol):
    """What is used of Lambda's context."""

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
