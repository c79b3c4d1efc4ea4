"""Scores a checkpoint on held-out data: the share of examples whose highest logit is the label's, and quality gates.

The step fails if the model misses `min_accuracy`, or is worse than the one at `baseline_uri` by more than chance.
"""

from pathlib import Path
from typing import Any

import numpy as np

from aftertrain.jobs.checkpoint import load_checkpoint, read_examples
from aftertrain.jobs.contract import JobError, JobInput
from aftertrain.jobs.quality_gates import Score, check_least, check_regressions, make_score
from aftertrain.jobs.storage import fetch

Array = np.ndarray[Any, Any]


def evaluate(job: JobInput, folder: Path) -> dict[str, Any]:
    """Returns {model_uri, accuracy, accuracy_low, accuracy_high, examples, baseline_accuracy, scores}.

    Raises: JobError, also if a gate is missed.
    """
    uri, baseline_uri = job.param("model_uri"), job.params.get("baseline_uri")
    inputs, labels = read_examples(job.param("dataset_uri"), _make_folder(folder, "data"))
    logits = _logits(uri, inputs, _make_folder(folder, "model"))
    accuracy, baseline = _accuracy(logits, labels), None
    if job.params.get("min_accuracy") is not None:
        check_least("the accuracy", accuracy, job.params["min_accuracy"])
    scores = _scores(job, logits, labels)
    if baseline_uri is not None:
        baseline = _accuracy(_logits(baseline_uri, inputs, _make_folder(folder, "baseline")), labels)
        check_regressions([("the accuracy", accuracy, baseline)])
    return {
        "model_uri": uri,
        "accuracy": accuracy.value,
        "accuracy_low": accuracy.low,
        "accuracy_high": accuracy.high,
        "examples": len(labels),
        "baseline_accuracy": baseline.value if baseline else None,
        "scores": scores,
    }


def _logits(uri: str, inputs: Array, folder: Path) -> Array:
    """The logits of a checkpoint or an ONNX model, such as the deployed one.

    Raises: JobError if they are not numbers: the highest NaN would be the first class, which may be right.
    """
    logits = _compute_logits(uri, inputs, folder)
    count = int((~np.isfinite(logits)).any(axis=1).sum())
    if count:
        raise JobError(f"{uri} answers {count} of {len(logits)} examples with NaN: its training diverged")
    return logits


def _compute_logits(uri: str, inputs: Array, folder: Path) -> Array:
    if not uri.endswith(".onnx"):
        return load_checkpoint(uri, folder).logits(inputs)
    from aftertrain.jobs.conversion import onnx_logits

    return onnx_logits(fetch(uri, folder))({"input": inputs.astype(np.float32)})


def _scores(job: JobInput, logits: Array, labels: Array) -> dict[str, float]:
    """The requested metrics, checked against their gates. Raises: JobError."""
    gates: dict[str, float] = job.params.get("min_scores") or {}
    names = dict.fromkeys([*(job.params.get("metrics") or ()), *gates])
    if not names:
        return {}
    from aftertrain.jobs.metrics import measure

    scores = measure(list(names), logits, labels)
    for name, least in gates.items():
        check_least(name, scores[name], least)
    return {name: score.value for name, score in scores.items()}


def _make_folder(folder: Path, name: str) -> Path:
    """A folder for each model: their files have the same names."""
    (folder / name).mkdir(exist_ok=True)
    return folder / name


def _accuracy(logits: Array, labels: Array) -> Score:
    hits = np.argmax(logits, axis=1) == labels
    return make_score(float(hits.mean()), [float(hit) for hit in hits])
