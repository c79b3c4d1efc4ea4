"""Run another pipeline, and wait for its outputs."""

from typing import Any

from pydantic import Field

from aftertrain.actions.action import MEDIUM, Action, Outputs, Params


class PipelineRunParams(Params):
    """The pipeline and its params."""

    pipeline: str
    """The other pipeline's id, not a template. Publishing this pipeline fixes the other one's current version."""
    params: dict[str, Any] = Field(default_factory=dict)
    """Values for its parameters."""


class PipelineRunOutputs(Outputs):
    """The other pipeline's end."""

    outputs: Any
    """Its `outputs`."""
    execution: str
    """The ARN of its execution."""


ACTION = Action(
    "pipeline_run", PipelineRunParams, PipelineRunOutputs, runs="pipeline", timeout_seconds=604_800, max_bytes=MEDIUM
)
