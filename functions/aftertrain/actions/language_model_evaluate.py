"""Score a language model with the lm-evaluation-harness, with optional quality gates."""

from typing import Annotated, Any, Literal

from pydantic import Field

from aftertrain.actions.action import MEDIUM, Action, Outputs, Params

Scores = dict[str, dict[str, float]]


class EvaluateLanguageParams(Params):
    """The model, the tasks, and the gates. A missed gate fails the step."""

    model_uri: str
    """The model's folder with a trailing slash, or its weights, their index or its config."""
    tasks_uri: str
    """A folder with YAML tasks, with a trailing slash."""
    tasks: Annotated[list[str], Field(min_length=1, max_length=50)]
    """The names of the tasks to run."""
    backend: Literal["onnx", "hf", "vllm"] = "hf"
    """What runs the model: `hf` is transformers, `onnx` is onnxruntime."""
    model_args: dict[str, Any] = Field(default_factory=dict)
    """Arguments of the backend."""
    num_fewshot: Annotated[int, Field(ge=0, le=100)] | None = None
    """The number of examples in the prompt. The default is the task's own."""
    limit: Annotated[int, Field(ge=1)] | None = None
    """The number of examples per task. The default is all."""
    min_scores: Scores = Field(default_factory=dict)
    """Gate: the least score by task and metric."""
    baseline_uri: str | None = None
    """Gate: a model, usually the deployed one. The new model must not be worse by more than chance."""


class EvaluateLanguageOutputs(Outputs):
    """The scores, by task and metric."""

    model_uri: str
    """The scored model."""
    scores: Scores
    """The scores."""
    low: Scores
    """The lower ends of the 95 % intervals, for scores that have one."""
    high: Scores
    """The upper ends of the 95 % intervals."""
    examples: dict[str, int]
    """The number of examples by task."""
    baseline_scores: Scores | None
    """The baseline's scores."""


ACTION = Action(
    "language_model_evaluate",
    EvaluateLanguageParams,
    EvaluateLanguageOutputs,
    runs="job",
    timeout_seconds=86_400,
    max_bytes=MEDIUM,
)
