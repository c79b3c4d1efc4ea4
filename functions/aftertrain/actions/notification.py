"""Tell people."""

from typing import Literal

from pydantic import Field

from aftertrain.actions.action import Action, Outputs, Params


class NotificationParams(Params):
    """`channel` names one of the stage's channels; the stage's `default` is used if it is left out.

    `must_arrive`: the step fails if the message cannot be delivered; else that is only said in its output.
    """

    message: str
    title: str = ""
    channel: str = "default"
    recipients: list[str] = Field(default_factory=list)
    severity: Literal["info", "warning", "error", "critical"] = "info"
    priority: Literal["low", "normal", "high"] = "normal"
    must_arrive: bool = False


class NotificationOutputs(Outputs):
    """`kind` is what the channel is on this stage: slack, teams, webhook, email, sns or log.

    `problem`: why it was not sent.
    """

    sent: bool
    channel: str
    kind: str
    notification_id: str
    problem: str | None


ACTION = Action("notification", NotificationParams, NotificationOutputs, runs="task", timeout_seconds=60)
