"""Score a checkpoint on held-out data."""

from typing import Annotated, Literal

from pydantic import Field

from aftertrain.actions.action import Action, Outputs, Params

Metric = Literal["balanced_accuracy", "f1_macro", "precision_macro", "recall_macro", "log_loss", "roc_auc"]


class EvaluateParams(Params):
    """`model_uri`: the weights (safetensors, with its config.json beside it). `dataset_uri`: examples with labels.

    `metrics`: what else is measured, by scikit-learn. Gates, which fail the step: `min_accuracy`, `min_scores` by
    metric (of `log_loss` a bound from above), and `baseline_uri`, the weights of the model that is deployed now, which
    the new one may not be worse than by more than chance (a 95 % interval over the same examples).
    """

    model_uri: str
    dataset_uri: str
    min_accuracy: Annotated[float, Field(ge=0, le=1)] | None = None
    baseline_uri: str | None = None
    metrics: list[Metric] = Field(default_factory=list)
    min_scores: dict[Metric, float] = Field(default_factory=dict)


class EvaluateOutputs(Outputs):
    """`accuracy` from 0 to 1 over `examples` examples; `accuracy_low` and `accuracy_high`: its 95 % interval."""

    model_uri: str
    accuracy: float
    accuracy_low: float
    accuracy_high: float
    examples: int
    baseline_accuracy: float | None
    scores: dict[str, float]


ACTION = Action("model_evaluate", EvaluateParams, EvaluateOutputs, runs="job", timeout_seconds=86_400)
