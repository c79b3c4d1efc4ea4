"""What conversions share: write a model in a serving format, and compare both models.

    make(job, {"onnx": write_onnx, …}, folder)      ->  the function that gives the new model's logits
    compare(original, converted, batches, 1e-4)     ->  Comparison(error=3e-7, agreeing=512, compared=512)

A model is a function from named inputs, {"input": [n, features]}, to logits with the classes on the last axis.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from aftertrain.jobs import devices
from aftertrain.jobs.contract import JobError, JobInput
from aftertrain.jobs.storage import store

Array = np.ndarray[Any, Any]
Logits = Callable[[Mapping[str, Array]], Array]
# Writes a model in a precision, float32 or float16, into a folder; returns the logits of what it wrote.
Write = Callable[[str, Path], Logits]


@dataclass(frozen=True, slots=True)
class OutputComparison:
    """The largest difference of the logits, and how many compared positions agree on the likeliest class."""

    error: float
    agreeing: int
    compared: int


def make(job: JobInput, formats: Mapping[str, Write], folder: Path) -> Logits:
    """Write the requested format. Raises: JobError if it is not supported."""
    kind = str(job.params.get("format", "onnx"))
    if kind not in formats:
        raise JobError(f"unknown format {kind!r}: known are {', '.join(formats)}")
    folder.mkdir(exist_ok=True)
    return formats[kind](str(job.params.get("precision", "float32")), folder)


def compare(
    original: Logits, converted: Logits, batches: Iterable[Mapping[str, Array]], tolerance: float
) -> OutputComparison:
    """Run both models on the same inputs, batch by batch.

    Raises: JobError if they differ by more than the tolerance, absolute for logits that spread over 1 or more, else
    relative to their spread.
    """
    errors, lows, highs, agreeing, compared = [], [], [], 0, 0
    for batch in batches:
        expected, actual = original(batch), converted(batch)
        if actual.shape != expected.shape:
            raise JobError(f"the converted model returns the shape {actual.shape}, the original {expected.shape}")
        errors.append(np.max(np.abs(actual - expected)))
        lows.append(np.min(expected))
        highs.append(np.max(expected))
        agreeing += int(np.sum(actual.argmax(-1) == expected.argmax(-1)))
        compared += expected[..., 0].size
    error, spread = float(np.max(errors)), float(np.max(highs) - np.min(lows))
    bound = tolerance * (min(1.0, spread) or 1.0)
    if not error <= bound:
        raise JobError(f"the converted model differs from the original by {error:g}, more than {bound:g}")
    return OutputComparison(error, agreeing, compared)


def publish(folder: Path, uri: str) -> int:
    """Upload the written files below a URI; returns their size in bytes."""
    paths = sorted(folder.iterdir())
    for path in paths:
        store(path, f"{uri}/{path.name}")
    return sum(path.stat().st_size for path in paths)


def onnx_logits(path: Path) -> Logits:
    """An ONNX model on the CPU; it gets only the inputs that it declares."""
    session = devices.session(path, [devices.CPU])
    names = [tensor.name for tensor in session.get_inputs()]

    def logits(inputs: Mapping[str, Array]) -> Array:
        if missing := sorted(set(names) - inputs.keys()):
            raise JobError(f"{path.name} needs the input {missing[0]!r}, but only {', '.join(inputs)} is given")
        result: Array = session.run(None, {name: inputs[name] for name in names})[0]
        return result

    return logits
