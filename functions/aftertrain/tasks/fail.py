"""Fail on purpose."""

from typing import NoReturn

from aftertrain.actions.fail import FailParams
from aftertrain.errors import AuthorError
from aftertrain.tasks.ports import StepCall, TaskPorts


class IntentionalFailureError(AuthorError):
    """The author made a step fail."""


def run(params: FailParams, call: StepCall, ports: TaskPorts) -> NoReturn:  # noqa: ARG001 - all tasks are called alike
    """Raises: IntentionalFailureError, always."""
    raise IntentionalFailureError(f"{params.error_code}: {params.message}")
