"""Send a message to people."""

from typing import Literal

from pydantic import Field

from aftertrain.actions.action import Action, Outputs, Params


class NotificationParams(Params):
    """The message."""

    message: str
    """The text."""
    title: str = ""
    """The title."""
    channel: str = "default"
    """One of the stage's notification channels."""
    recipients: list[str] = Field(default_factory=list)
    """Recipients, for channels that take some."""
    severity: Literal["info", "warning", "error", "critical"] = "info"
    """How severe the news is."""
    priority: Literal["low", "normal", "high"] = "normal"
    """How urgent the message is."""
    must_arrive: bool = False
    """Whether the step fails if the message cannot be delivered. Otherwise only its output says so."""


class NotificationOutputs(Outputs):
    """The delivery."""

    sent: bool
    """Whether it was sent."""
    channel: str
    """The channel."""
    kind: str
    """The channel's kind on this stage: slack, teams, webhook, email, sns or log."""
    notification_id: str
    """The id that the receiving service gave it."""
    problem: str | None
    """Why it was not sent."""


ACTION = Action("notification", NotificationParams, NotificationOutputs, runs="task", timeout_seconds=60)
