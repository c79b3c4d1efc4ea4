"""Run any program as a job, in the stage's image or in one of one's own (`compute: {image: …}`)."""

from typing import Annotated, Any

from pydantic import Field

from aftertrain.actions.action import MEDIUM, Action, Outputs, Params


class RunParams(Params):
    """`command`: a program and its arguments; no shell reads them.

    It finds `data` as JSON in the file that AFTERTRAIN_INPUT names, and may write JSON to the one that
    AFTERTRAIN_OUTPUT names.
    """

    command: Annotated[list[str], Field(min_length=1)]
    data: dict[str, Any] = Field(default_factory=dict)
    environment: dict[str, str] = Field(default_factory=dict)


class RunOutputs(Outputs):
    """`result`: what the program wrote, null if it wrote nothing."""

    result: Any


ACTION = Action("job_run", RunParams, RunOutputs, runs="job", timeout_seconds=86_400, max_bytes=MEDIUM)
