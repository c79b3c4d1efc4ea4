"""Write a line to the log."""

from typing import Literal

from aftertrain.actions.action import Action, Outputs, Params


class LogParams(Params):
    """The message, and how serious it is."""

    message: str
    level: Literal["debug", "info", "warning", "error"] = "info"


class LogOutputs(Outputs):
    """What was written; of a long message its first 400 characters."""

    logged: bool
    message: str
    level: str


ACTION = Action("log", LogParams, LogOutputs, runs="task", timeout_seconds=60)
