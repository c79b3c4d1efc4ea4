"""Measure how fast an ONNX model answers on the job's machine."""

from typing import Annotated

from pydantic import Field

from aftertrain.actions.action import Action, Outputs, Params


class BenchmarkParams(Params):
    """The model and the load. A missed gate fails the step."""

    model_uri: str
    """An ONNX model."""
    sample_uri: str
    """Real inputs, as safetensors."""
    requests: Annotated[int, Field(ge=10, le=1_000_000)] = 200
    """The number of measured requests."""
    warmup: Annotated[int, Field(ge=0, le=10_000)] = 20
    """The number of requests before the measurement."""
    batch_size: Annotated[int, Field(ge=1, le=4096)] = 1
    """The number of examples per request."""
    max_p99_ms: Annotated[float, Field(gt=0)] | None = None
    """Gate: the largest allowed 99th percentile of the latency, in milliseconds."""


class BenchmarkOutputs(Outputs):
    """The latencies of single requests, one after the other."""

    model_uri: str
    """The measured model."""
    p50_ms: float
    """The median latency in milliseconds."""
    p99_ms: float
    """The 99th percentile in milliseconds."""
    examples_per_second: float
    """Examples per second."""
    requests: int
    """The number of measured requests."""
    provider: str
    """The onnxruntime provider that ran the model."""


ACTION = Action("model_benchmark", BenchmarkParams, BenchmarkOutputs, runs="job", timeout_seconds=86_400)
