"""Convert a checkpoint to a serving format, and check that it still computes the same."""

from typing import Annotated, Literal

from pydantic import Field

from aftertrain.actions.action import Action, Outputs, Params


class ConvertParams(Params):
    """`sample_uri`: real inputs on which the converted model is compared with the original.

    The step fails if any output differs by more than `tolerance`, or that share of the outputs' spread where they lie
    closer together than 1; half precision needs a larger one. An engine
    of `tensorrt` is for the GPU type that it is built on: that of the step's `compute`.
    """

    model_uri: str
    format: Literal["onnx", "safetensors", "tensorrt"] = "onnx"
    precision: Literal["float32", "float16"] = "float32"
    sample_uri: str
    tolerance: Annotated[float, Field(gt=0, le=1)] = 1e-4


class ConvertOutputs(Outputs):
    """`model_uri`: the converted model. `max_abs_error`: the largest difference seen over `compared` inputs.

    `agreement`: the share of them that both put into the same class.
    """

    model_uri: str
    format: str
    precision: str
    sha256: str
    size_bytes: int
    max_abs_error: float
    agreement: float
    compared: int


ACTION = Action("model_convert", ConvertParams, ConvertOutputs, runs="job", timeout_seconds=86_400)
