"""Write a line to the log."""

from typing import Literal

from aftertrain.actions.action import Action, Outputs, Params


class LogParams(Params):
    """The line."""

    message: str
    """The text."""
    level: Literal["debug", "info", "warning", "error"] = "info"
    """Its level."""


class LogOutputs(Outputs):
    """The written line."""

    logged: bool
    """Always true."""
    message: str
    """The first 400 characters of the text."""
    level: str
    """Its level."""


ACTION = Action("log", LogParams, LogOutputs, runs="task", timeout_seconds=60)
