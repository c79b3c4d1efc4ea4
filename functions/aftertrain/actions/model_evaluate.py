"""Score a checkpoint on held-out data, with optional quality gates."""

from typing import Annotated, Literal

from pydantic import Field

from aftertrain.actions.action import Action, Outputs, Params

Metric = Literal["balanced_accuracy", "f1_macro", "precision_macro", "recall_macro", "log_loss", "roc_auc"]


class EvaluateParams(Params):
    """The model, the data, and the gates. A missed gate fails the step."""

    model_uri: str
    """Safetensors of the architecture `mlp`, with config.json in the same folder, or an ONNX model."""
    dataset_uri: str
    """Labelled examples: `inputs` and `labels` in a safetensors file."""
    min_accuracy: Annotated[float, Field(ge=0, le=1)] | None = None
    """Gate: the least accuracy."""
    baseline_uri: str | None = None
    """Gate: a model, usually the deployed one. The new model must not be worse by more than chance (95 %, on the same
    examples).
    """
    metrics: list[Metric] = Field(default_factory=list)
    """Further metrics, by scikit-learn."""
    min_scores: dict[Metric, float] = Field(default_factory=dict)
    """Gate: the least score by metric; for `log_loss` the largest."""


class EvaluateOutputs(Outputs):
    """The scores."""

    model_uri: str
    """The scored model."""
    accuracy: float
    """The accuracy, from 0 to 1."""
    accuracy_low: float
    """The lower end of its 95 % interval."""
    accuracy_high: float
    """The upper end of its 95 % interval."""
    examples: int
    """The number of examples."""
    baseline_accuracy: float | None
    """The baseline's accuracy."""
    scores: dict[str, float]
    """The further metrics."""


ACTION = Action("model_evaluate", EvaluateParams, EvaluateOutputs, runs="job", timeout_seconds=86_400)
