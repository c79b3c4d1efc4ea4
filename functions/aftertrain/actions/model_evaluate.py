"""Score a checkpoint on held-out data."""

from typing import Annotated

from pydantic import Field

from aftertrain.actions.action import Action, Outputs, Params


class EvaluateParams(Params):
    """`model_uri`: the weights (safetensors, with its config.json beside it). `dataset_uri`: examples with labels.

    Gates, which fail the step: `min_accuracy`, and `baseline_uri`, the weights of the model that is deployed now, which
    the new one may not be worse than by more than chance (a 95 % interval over the same examples).
    """

    model_uri: str
    dataset_uri: str
    min_accuracy: Annotated[float, Field(ge=0, le=1)] | None = None
    baseline_uri: str | None = None


class EvaluateOutputs(Outputs):
    """`accuracy` from 0 to 1 over `examples` examples; `accuracy_low` and `accuracy_high`: its 95 % interval."""

    model_uri: str
    accuracy: float
    accuracy_low: float
    accuracy_high: float
    examples: int
    baseline_accuracy: float | None


ACTION = Action("model_evaluate", EvaluateParams, EvaluateOutputs, runs="job", timeout_seconds=86_400)
