"""Fail on purpose."""

from aftertrain.actions.action import Action, Outputs, Params


class FailParams(Params):
    """The error."""

    message: str = "Intentional failure"
    """The error's message."""
    error_code: str = "INTENTIONAL_FAILURE"
    """The error's code."""


class FailOutputs(Outputs):
    """There is no output."""


ACTION = Action("fail", FailParams, FailOutputs, runs="task", timeout_seconds=60)
