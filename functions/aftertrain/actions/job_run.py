"""Run any program as a job, in the stage's image or in your own (`compute: {image: …}`)."""

from typing import Annotated, Any

from pydantic import Field

from aftertrain.actions.action import MEDIUM, Action, Outputs, Params


class RunParams(Params):
    """The program and its input."""

    command: Annotated[list[str], Field(min_length=1, json_schema_extra={"format": "command"})]
    """The program and its arguments. No shell reads them, unless the program is one. Its code may contain no values."""
    data: dict[str, Any] = Field(default_factory=dict)
    """The input, which the program finds as JSON in the file that AFTERTRAIN_INPUT names."""
    environment: dict[str, str] = Field(default_factory=dict)
    """Additional environment variables."""


class RunOutputs(Outputs):
    """The program's output."""

    result: Any
    """The JSON that the program wrote to the file that AFTERTRAIN_OUTPUT names; null if it wrote none."""


ACTION = Action("job_run", RunParams, RunOutputs, runs="job", timeout_seconds=86_400, max_bytes=MEDIUM)
