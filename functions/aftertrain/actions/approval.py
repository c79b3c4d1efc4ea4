"""Ask a person and wait for the answer, given through the API or by a link."""

from typing import Literal

from pydantic import Field

from aftertrain.actions.action import Action, Outputs, Params


class ApprovalParams(Params):
    """The question. A no fails the step."""

    message: str
    """The question, sent with a link to the page that takes the answer."""
    title: str = "Approval needed"
    """The title of the message."""
    channel: str = "default"
    """The notification channel that sends it."""
    recipients: list[str] = Field(default_factory=list)
    """Recipients, for channels that take some."""
    default: Literal["approve", "reject"] = "reject"
    """The answer if nobody answers within the step's `timeout_seconds`. `reject` fails the step."""


class ApprovalOutputs(Outputs):
    """The answer."""

    approved: Literal[True]
    """Always true: a rejected approval fails the step."""
    answered: bool
    """Whether a person answered, and not the default."""
    by: str
    """The name that the person gave."""
    comment: str
    """The person's comment."""
    decided_at: str
    """The time of the answer, RFC 3339."""


ACTION = Action("approval", ApprovalParams, ApprovalOutputs, runs="question", timeout_seconds=86_400, passes=("token",))
