"""Convert a checkpoint to a serving format, and check that it still computes the same."""

from typing import Annotated, Literal

from pydantic import Field

from aftertrain.actions.action import Action, Outputs, Params


class ConvertParams(Params):
    """The model, the format, and the check. The step fails if any output differs by more than `tolerance`."""

    model_uri: str
    """Safetensors of the architecture `mlp`, with config.json in the same folder."""
    format: Literal["onnx", "safetensors", "tensorrt"] = "onnx"
    """The format to write. A `tensorrt` engine serves only on the GPU type that built it, the one of the step's
    `compute`.
    """
    precision: Literal["float32", "float16"] = "float32"
    """The precision of the weights."""
    sample_uri: str
    """Real inputs on which both models are compared."""
    tolerance: Annotated[float, Field(gt=0, le=1)] = 1e-4
    """The largest allowed difference of an output. It is relative to the spread of outputs that lie closer together
    than 1. Half precision needs a larger one.
    """


class ConvertOutputs(Outputs):
    """The converted model and the comparison."""

    model_uri: str
    """The converted model."""
    format: str
    """Its format."""
    precision: str
    """Its precision."""
    sha256: str
    """The SHA-256 of the file."""
    size_bytes: int
    """Its size."""
    max_abs_error: float
    """The largest difference over all compared inputs."""
    agreement: float
    """The share of inputs that both models put into the same class."""
    compared: int
    """The number of compared inputs."""


ACTION = Action("model_convert", ConvertParams, ConvertOutputs, runs="job", timeout_seconds=86_400)
