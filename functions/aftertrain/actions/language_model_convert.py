"""Convert a transformers language model, and check that it still computes the same."""

from typing import Annotated, Literal

from pydantic import Field

from aftertrain.actions.action import Action, Outputs, Params


class ConvertLanguageParams(Params):
    """The model, the format, and the check. The step fails if any logit differs by more than `tolerance`."""

    model_uri: str
    """The checkpoint's folder with a trailing slash, or its weights, their index or its config."""
    format: Literal["onnx", "safetensors"] = "onnx"
    """The format to write."""
    precision: Literal["float32", "float16"] = "float32"
    """The precision of the weights."""
    sample_uri: str
    """Real texts, one per line, on which both models are compared."""
    max_tokens: Annotated[int, Field(ge=1, le=131_072)] = 512
    """How many tokens of each text are compared."""
    tolerance: Annotated[float, Field(gt=0, le=10)] = 1e-3
    """The largest allowed difference of a logit. Half precision needs a larger one."""


class ConvertLanguageOutputs(Outputs):
    """The converted model and the comparison."""

    model_uri: str
    """The folder of the converted model."""
    format: str
    """Its format."""
    precision: str
    """Its precision."""
    size_bytes: int
    """Its size."""
    max_abs_error: float
    """The largest difference over all logits."""
    agreement: float
    """The share of positions at which both models predict the same token."""
    compared: int
    """The number of compared tokens."""


ACTION = Action(
    "language_model_convert", ConvertLanguageParams, ConvertLanguageOutputs, runs="job", timeout_seconds=86_400
)
