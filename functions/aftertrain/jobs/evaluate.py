"""Score a checkpoint on held-out data: the share of examples whose highest logit is the label's, and the gates.

A model that misses `min_accuracy`, or is worse than the one at `baseline_uri` by more than chance, fails the step.
"""

from pathlib import Path
from typing import Any

import numpy as np

from aftertrain.jobs.checkpoint import load_checkpoint, read_examples
from aftertrain.jobs.contract import JobError, JobInput
from aftertrain.jobs.intervals import difference, share


def evaluate(job: JobInput, folder: Path) -> dict[str, Any]:
    """Returns {model_uri, accuracy, accuracy_low, accuracy_high, examples, baseline_accuracy}.

    Raises: JobError, also if a gate is missed.
    """
    uri, baseline_uri = job.param("model_uri"), job.params.get("baseline_uri")
    inputs, labels = read_examples(job.param("dataset_uri"), _below(folder, "data"))
    hits = _hits(uri, inputs, labels, _below(folder, "model"))
    low, high = share(int(hits.sum()), len(hits))
    accuracy = float(hits.mean())
    _check_least(job.params.get("min_accuracy"), accuracy)
    baseline = None
    if baseline_uri is not None:
        before = _hits(baseline_uri, inputs, labels, _below(folder, "baseline"))
        baseline = float(before.mean())
        _check_regression(hits, before)
    return {
        "model_uri": uri,
        "accuracy": accuracy,
        "accuracy_low": low,
        "accuracy_high": high,
        "examples": len(labels),
        "baseline_accuracy": baseline,
    }


def _below(folder: Path, name: str) -> Path:
    """A folder of its own for each: files of two models have the same names."""
    (folder / name).mkdir(exist_ok=True)
    return folder / name


def _hits(uri: str, inputs: np.ndarray[Any, Any], labels: np.ndarray[Any, Any], folder: Path) -> np.ndarray[Any, Any]:
    found: np.ndarray[Any, Any] = np.argmax(load_checkpoint(uri, folder).logits(inputs), axis=1) == labels
    return found


def _check_least(least: float | None, accuracy: float) -> None:
    if least is not None and accuracy < least:
        raise JobError(f"the accuracy is {accuracy:.4f}, below the gate's {least:g}")


def _check_regression(new: np.ndarray[Any, Any], old: np.ndarray[Any, Any]) -> None:
    low, mean, high = difference(new, old)
    if high < 0:
        raise JobError(
            f"the model is worse than the baseline: {float(new.mean()):.4f} after {float(old.mean()):.4f} of the same "
            f"{len(new)} examples, a difference of {mean:.4f} ({low:.4f} to {high:.4f} with 95 %)"
        )
