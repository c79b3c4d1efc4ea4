"""Times an ONNX model, request by request, on the best device that onnxruntime finds."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from aftertrain.jobs.checkpoint import read_examples
from aftertrain.jobs.contract import JobError, JobInput
from aftertrain.jobs.devices import session
from aftertrain.jobs.progress import report
from aftertrain.jobs.storage import fetch

REPORT_EVERY = 50  # requests
Array = np.ndarray[Any, Any]


def benchmark(job: JobInput, folder: Path) -> dict[str, Any]:
    """Returns {model_uri, p50_ms, p99_ms, examples_per_second, requests, provider}.

    Raises: JobError, also if the gate `max_p99_ms` is missed.
    """
    uri = job.param("model_uri")
    model = session(fetch(uri, folder))
    samples, _ = read_examples(job.param("sample_uri"), folder)
    size, requests = int(job.params.get("batch_size", 1)), int(job.params.get("requests", 200))
    seconds = _time_requests(model, _batches(samples, size), int(job.params.get("warmup", 20)), requests)
    p50, p99 = (float(np.percentile(seconds, percent)) * 1000 for percent in (50, 99))
    max_p99 = job.params.get("max_p99_ms")
    if max_p99 is not None and p99 > max_p99:
        raise JobError(f"the 99th percentile of the latency is {p99:.3f} ms, above the gate's {max_p99:g} ms")
    return {
        "model_uri": uri,
        "p50_ms": p50,
        "p99_ms": p99,
        "examples_per_second": size * requests / float(np.sum(seconds)),
        "requests": requests,
        "provider": model.get_providers()[0],
    }


def _batches(samples: Array, size: int) -> Iterator[Array]:
    """Endless batches of samples, each starting where the previous one ended."""
    start = 0
    while True:
        yield np.take(samples, range(start, start + size), axis=0, mode="wrap").astype(np.float32)
        start = (start + size) % len(samples)


def _time_requests(model: onnxruntime.InferenceSession, batches: Iterator[Array], warmup: int, requests: int) -> Array:
    (name,) = (tensor.name for tensor in model.get_inputs())
    for _ in range(warmup):
        model.run(None, {name: next(batches)})
    seconds = np.empty(requests)
    for index in range(requests):
        feed = {name: next(batches)}
        started = time.perf_counter()
        model.run(None, feed)
        seconds[index] = time.perf_counter() - started
        if index % REPORT_EVERY == REPORT_EVERY - 1:
            report((index + 1) / requests, p50_ms=float(np.median(seconds[: index + 1])) * 1000)
    return seconds
