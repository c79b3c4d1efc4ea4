"""Run another pipeline, and wait for what it puts out."""

from typing import Any

from pydantic import Field

from aftertrain.actions.action import MEDIUM, Action, Outputs, Params


class PipelineRunParams(Params):
    """`pipeline`: its id, written as it is. The version that is current when this one is published runs, always."""

    pipeline: str
    params: dict[str, Any] = Field(default_factory=dict)


class PipelineRunOutputs(Outputs):
    """`outputs`: the pipeline's own; `execution`: the ARN of the run."""

    outputs: Any
    execution: str


ACTION = Action(
    "pipeline_run", PipelineRunParams, PipelineRunOutputs, runs="pipeline", timeout_seconds=604_800, max_bytes=MEDIUM
)
