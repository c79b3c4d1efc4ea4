"""Convert a checkpoint to a format of serving, and compare the two on real inputs before anybody may serve it.

onnx         model.onnx         one graph, run by onnxruntime
safetensors  model.safetensors  the same weights, in half precision if asked for, with their config.json
tensorrt     model.plan         an engine for the GPU of the machine that it is built on
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from aftertrain.jobs.checkpoint import load_checkpoint, read_examples, save_checkpoint
from aftertrain.jobs.contract import JobError, JobInput
from aftertrain.jobs.mlp import Mlp
from aftertrain.jobs.storage import store

Array = np.ndarray[Any, Any]
Logits = Callable[[Array], Array]


def convert(job: JobInput, folder: Path) -> dict[str, Any]:
    """Write the converted model below the job's output URI.

    Returns: {model_uri, format, precision, sha256, size_bytes, max_abs_error, compared}.
    Raises: JobError if the two models differ by more than the tolerance anywhere, or a library is missing.
    """
    kind, precision = str(job.params.get("format", "onnx")), str(job.params.get("precision", "float32"))
    if kind not in FORMATS:
        raise JobError(f"the format {kind!r} is not known: there is {', '.join(FORMATS)}")
    model = load_checkpoint(job.param("model_uri"), folder)
    samples, _ = read_examples(job.param("sample_uri"), folder)
    below = folder / "converted"
    below.mkdir(exist_ok=True)
    target, logits = FORMATS[kind](model, precision, below)
    error = float(np.max(np.abs(logits(samples.astype(np.float32)) - model.logits(samples))))
    tolerance = float(job.params.get("tolerance", 1e-4))
    if not error <= tolerance:
        raise JobError(f"the {kind} model differs from the original by {error:g}, more than {tolerance:g}")
    for path in sorted(below.iterdir()):
        store(path, f"{job.output_uri}/{path.name}")
    return {
        "model_uri": f"{job.output_uri}/{target.name}",
        "format": kind,
        "precision": precision,
        "sha256": hashlib.sha256(target.read_bytes()).hexdigest(),
        "size_bytes": target.stat().st_size,
        "max_abs_error": error,
        "compared": len(samples),
    }


def _onnx(model: Mlp, precision: str, folder: Path) -> tuple[Path, Logits]:
    if precision != "float32":
        raise JobError("an ONNX model is written in float32: half precision is for tensorrt and safetensors")
    target = folder / "model.onnx"
    target.write_bytes(model.onnx().SerializeToString())
    session = onnxruntime.InferenceSession(str(target), providers=["CPUExecutionProvider"])
    (name,) = (each.name for each in session.get_inputs())

    def logits(samples: Array) -> Array:
        found: Array = session.run(None, {name: samples})[0]
        return found

    return target, logits


def _safetensors(model: Mlp, precision: str, folder: Path) -> tuple[Path, Logits]:
    target = folder / "model.safetensors"
    return target, save_checkpoint(model, target, np.dtype(precision)).logits


def _tensorrt(model: Mlp, precision: str, folder: Path) -> tuple[Path, Logits]:
    from aftertrain.jobs.tensorrt_engine import Engine, build

    target = folder / "model.plan"
    plan = build(model.onnx().SerializeToString(), model.features, half=precision == "float16")
    target.write_bytes(plan)
    return target, Engine(plan).logits


FORMATS: dict[str, Callable[[Mlp, str, Path], tuple[Path, Logits]]] = {
    "onnx": _onnx,
    "safetensors": _safetensors,
    "tensorrt": _tensorrt,
}
