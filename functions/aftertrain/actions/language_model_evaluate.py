"""Score a language model by the lm-evaluation-harness."""

from typing import Annotated, Any, Literal

from pydantic import Field

from aftertrain.actions.action import MEDIUM, Action, Outputs, Params

Scores = dict[str, dict[str, float]]


class EvaluateLanguageParams(Params):
    """`model_uri`: the model's folder, with a slash at the end, or its weights, their index or its config.

    `tasks_uri`: a folder, with a slash at the end, and `tasks` the names of YAML tasks in there.

    `backend`: `onnx`, `hf` (transformers) or `vllm`; `model_args` are the backend's own. `limit`: examples per task.
    Gates, which fail the step: `min_scores` by task and metric, and `baseline_uri`, the model that is deployed now,
    which the new one may not be worse than by more than chance.
    """

    model_uri: str
    tasks_uri: str
    tasks: Annotated[list[str], Field(min_length=1, max_length=50)]
    backend: Literal["onnx", "hf", "vllm"] = "hf"
    model_args: dict[str, Any] = Field(default_factory=dict)
    num_fewshot: Annotated[int, Field(ge=0, le=100)] | None = None
    limit: Annotated[int, Field(ge=1)] | None = None
    min_scores: Scores = Field(default_factory=dict)
    baseline_uri: str | None = None


class EvaluateLanguageOutputs(Outputs):
    """`scores` by task and metric; `low` and `high`: the ends of their 95 % intervals, where there are any."""

    model_uri: str
    scores: Scores
    low: Scores
    high: Scores
    examples: dict[str, int]
    baseline_scores: Scores | None


ACTION = Action(
    "language_model_evaluate",
    EvaluateLanguageParams,
    EvaluateLanguageOutputs,
    runs="job",
    timeout_seconds=86_400,
    max_bytes=MEDIUM,
)
