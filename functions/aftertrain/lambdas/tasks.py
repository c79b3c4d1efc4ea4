"""The steps that are tasks: one invocation is one try of one step."""

from typing import Any, Protocol

from aftertrain.lambdas.observability import logger
from aftertrain.lambdas.runtime import tasks as runtime
from aftertrain.tasks.run import run


class Context(Protocol):
    """What is used of Lambda's context."""

    def get_remaining_time_in_millis(self) -> int:
        """How long this invocation may still run."""


def handler(event: dict[str, Any], context: Context) -> dict[str, Any]:
    """Lambda's entry point; an error fails the step, with the error's class as its name."""
    logger.append_keys(execution=event["execution"], step=event["step"], action=event["action"])
    return run(event, lambda: context.get_remaining_time_in_millis() / 1000, runtime.ports())
