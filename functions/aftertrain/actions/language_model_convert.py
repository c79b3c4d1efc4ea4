"""Convert a language model of transformers, and check that it still computes the same."""

from typing import Annotated, Literal

from pydantic import Field

from aftertrain.actions.action import Action, Outputs, Params


class ConvertLanguageParams(Params):
    """`model_uri`: the checkpoint's folder, with a slash at the end, or its weights, their index or its config.

    `sample_uri`: real texts, one to a line.

    The step fails if any logit of these texts, each of up to `max_tokens`, differs by more than `tolerance`, which half
    precision needs a larger one of.
    """

    model_uri: str
    format: Literal["onnx", "safetensors"] = "onnx"
    precision: Literal["float32", "float16"] = "float32"
    sample_uri: str
    max_tokens: Annotated[int, Field(ge=1, le=131_072)] = 512
    tolerance: Annotated[float, Field(gt=0, le=10)] = 1e-3


class ConvertLanguageOutputs(Outputs):
    """`model_uri`: the folder of the converted model. `compared`: tokens; `max_abs_error`: over all their logits.

    `agreement`: the share of the tokens after which both models think the same one the likeliest.
    """

    model_uri: str
    format: str
    precision: str
    size_bytes: int
    max_abs_error: float
    agreement: float
    compared: int


ACTION = Action(
    "language_model_convert", ConvertLanguageParams, ConvertLanguageOutputs, runs="job", timeout_seconds=86_400
)
