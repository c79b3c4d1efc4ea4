"""Convert a checkpoint to a serving format, and compare both models on real inputs.

onnx         model.onnx         one graph, run by onnxruntime
safetensors  model.safetensors  the same weights, optionally in half precision, with their config.json
tensorrt     model.plan         an engine for the GPU type of the machine that builds it
"""

import hashlib
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from aftertrain.jobs.checkpoint import load_checkpoint, read_examples, save_checkpoint
from aftertrain.jobs.contract import JobError, JobInput
from aftertrain.jobs.conversion import Array, Logits, compare, make, onnx_logits, publish
from aftertrain.jobs.mlp import Mlp

NAMES = {"onnx": "model.onnx", "safetensors": "model.safetensors", "tensorrt": "model.plan"}


def convert(job: JobInput, folder: Path) -> dict[str, Any]:
    """Write the converted model below the job's output URI.

    Returns: {model_uri, format, precision, sha256, size_bytes, max_abs_error, agreement, compared}.
    Raises: JobError if the two models differ by more than the tolerance anywhere, or a library is missing.
    """
    model = load_checkpoint(job.param("model_uri"), folder)
    samples, _ = read_examples(job.param("sample_uri"), folder)
    output_folder = folder / "converted"
    converted = make(
        job,
        {
            "onnx": partial(_onnx, model),
            "safetensors": partial(_safetensors, model),
            "tensorrt": partial(_tensorrt, model),
        },
        output_folder,
    )
    batch = {"input": samples.astype(np.float32)}
    comparison = compare(_logits(model), converted, [batch], float(job.params.get("tolerance", 1e-4)))
    kind = str(job.params.get("format", "onnx"))
    target = output_folder / NAMES[kind]
    publish(output_folder, job.output_uri)
    return {
        "model_uri": f"{job.output_uri}/{target.name}",
        "format": kind,
        "precision": str(job.params.get("precision", "float32")),
        "sha256": hashlib.sha256(target.read_bytes()).hexdigest(),
        "size_bytes": target.stat().st_size,
        "max_abs_error": comparison.error,
        "agreement": comparison.agreeing / comparison.compared,
        "compared": comparison.compared,
    }


def _logits(model: Mlp) -> Logits:
    def logits(inputs: Mapping[str, Array]) -> Array:
        return model.logits(inputs["input"])

    return logits


def _onnx(model: Mlp, precision: str, folder: Path) -> Logits:
    if precision != "float32":
        raise JobError("an ONNX model is written in float32: half precision is for tensorrt and safetensors")
    target = folder / NAMES["onnx"]
    target.write_bytes(model.onnx().SerializeToString())
    return onnx_logits(target)


def _safetensors(model: Mlp, precision: str, folder: Path) -> Logits:
    return _logits(save_checkpoint(model, folder / NAMES["safetensors"], np.dtype(precision)))


def _tensorrt(model: Mlp, precision: str, folder: Path) -> Logits:
    from aftertrain.jobs.tensorrt_engine import Engine, build

    plan = build(model.onnx().SerializeToString(), model.features, half=precision == "float16")
    (folder / NAMES["tensorrt"]).write_bytes(plan)
    engine = Engine(plan)
    return lambda inputs: engine.logits(inputs["input"])
