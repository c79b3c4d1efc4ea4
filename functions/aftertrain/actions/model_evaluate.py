"""Score a checkpoint on held-out data."""

from aftertrain.actions.action import Action, Outputs, Params


class EvaluateParams(Params):
    """`model_uri`: the weights (safetensors, with its config.json beside it). `dataset_uri`: examples with labels."""

    model_uri: str
    dataset_uri: str


class EvaluateOutputs(Outputs):
    """`accuracy` from 0 to 1 over `examples` examples."""

    model_uri: str
    accuracy: float
    examples: int


ACTION = Action("model_evaluate", EvaluateParams, EvaluateOutputs, runs="job", timeout_seconds=86_400)
