"""Measure how fast a converted model answers, on the machine that the job runs on."""

from typing import Annotated

from pydantic import Field

from aftertrain.actions.action import Action, Outputs, Params


class BenchmarkParams(Params):
    """`model_uri`: an ONNX model. `sample_uri`: real inputs. The first `warmup` requests are not counted.

    Gate, which fails the step: `max_p99_ms`.
    """

    model_uri: str
    sample_uri: str
    requests: Annotated[int, Field(ge=10, le=1_000_000)] = 200
    warmup: Annotated[int, Field(ge=0, le=10_000)] = 20
    batch_size: Annotated[int, Field(ge=1, le=4096)] = 1
    max_p99_ms: Annotated[float, Field(gt=0)] | None = None


class BenchmarkOutputs(Outputs):
    """Latencies of a request in milliseconds; `examples_per_second` counts examples, one request after the other.

    `provider`: what onnxruntime ran it on.
    """

    model_uri: str
    p50_ms: float
    p99_ms: float
    examples_per_second: float
    requests: int
    provider: str


ACTION = Action("model_benchmark", BenchmarkParams, BenchmarkOutputs, runs="job", timeout_seconds=86_400)
