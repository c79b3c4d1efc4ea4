"""Convert a checkpoint to ONNX, and compare the two on real inputs before anybody may serve it."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from aftertrain.jobs.checkpoint import load_checkpoint, read_examples
from aftertrain.jobs.contract import JobError, JobInput
from aftertrain.jobs.storage import store


def convert(job: JobInput, folder: Path) -> dict[str, Any]:
    """Write `model.onnx` below the job's output URI.

    Returns: {model_uri, format, sha256, size_bytes, max_abs_error, compared}.
    Raises: JobError if the two models differ by more than the tolerance anywhere.
    """
    if job.params.get("format", "onnx") != "onnx":
        raise JobError(f"the format {job.params['format']!r} is not known: there is 'onnx'")
    model = load_checkpoint(job.param("model_uri"), folder)
    samples, _ = read_examples(job.param("sample_uri"), folder)
    target = folder / "model.onnx"
    target.write_bytes(model.onnx().SerializeToString())
    error = parity_error(target, model.logits(samples), samples)
    tolerance = float(job.params.get("tolerance", 1e-4))
    if not error <= tolerance:
        raise JobError(f"the ONNX model differs from the original by {error:g}, more than {tolerance:g}")
    return {
        "model_uri": store(target, f"{job.output_uri}/model.onnx"),
        "format": "onnx",
        "sha256": hashlib.sha256(target.read_bytes()).hexdigest(),
        "size_bytes": target.stat().st_size,
        "max_abs_error": error,
        "compared": len(samples),
    }


def parity_error(path: Path, expected: np.ndarray[Any, Any], samples: np.ndarray[Any, Any]) -> float:
    """The largest difference between what onnxruntime computes and what is expected; NaN if either has one."""
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    (name,) = (each.name for each in session.get_inputs())
    (logits,) = session.run(None, {name: samples.astype(np.float32)})
    return float(np.max(np.abs(logits - expected)))
