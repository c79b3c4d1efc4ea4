"""Fail on purpose."""

from aftertrain.actions.action import Action, Outputs, Params


class FailParams(Params):
    """The message and the code stand in the step's error."""

    message: str = "Intentional failure"
    error_code: str = "INTENTIONAL_FAILURE"


class FailOutputs(Outputs):
    """There is never any."""


ACTION = Action("fail", FailParams, FailOutputs, runs="task", timeout_seconds=60)
