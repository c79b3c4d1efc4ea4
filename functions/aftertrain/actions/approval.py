"""Ask a person: the path waits for a yes or a no, through the API or by a link."""

from typing import Literal

from pydantic import Field

from aftertrain.actions.action import Action, Outputs, Params


class ApprovalParams(Params):
    """The message goes to `channel` with a link to the page where it is answered. A no fails the step.

    `default`: what counts if nobody answers within the step's `timeout_seconds`; `reject` fails it.
    """

    message: str
    title: str = "Approval needed"
    channel: str = "default"
    recipients: list[str] = Field(default_factory=list)
    default: Literal["approve", "reject"] = "reject"


class ApprovalOutputs(Outputs):
    """`answered`: whether a person said so; `by` is the name that they gave."""

    approved: bool
    answered: bool
    by: str
    comment: str
    decided_at: str


ACTION = Action("approval", ApprovalParams, ApprovalOutputs, runs="question", timeout_seconds=86_400, passes=("token",))
