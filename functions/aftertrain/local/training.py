"""A training run of one second: scikit-learn's digits -> a checkpoint and a held-out data set, as files.

model.safetensors    layers.0.weight [32, 64], layers.0.bias [32], layers.1.weight [10, 32], layers.1.bias [10]
config.json          {"architecture": "mlp", "activation": "relu"}
holdout.safetensors  inputs [360, 64] float32, labels [360] int64
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

BRIGHTEST = 16.0  # pixels of the digits go from 0 to 16


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The files of a training run."""

    weights: Path
    config: Path
    holdout: Path


def train(folder: Path) -> Checkpoint:
    """Train a small classifier on four fifths of the digits and keep the rest for its evaluation."""
    folder.mkdir(parents=True, exist_ok=True)
    digits = load_digits()
    train_inputs, test_inputs, train_labels, test_labels = train_test_split(
        digits.data / BRIGHTEST, digits.target, test_size=0.2, random_state=0
    )
    # lbfgs converges in a second on this little data
    model = MLPClassifier((32,), solver="lbfgs", alpha=1.0, tol=1e-3, max_iter=2000, random_state=0).fit(
        train_inputs, train_labels
    )
    checkpoint = Checkpoint(folder / "model.safetensors", folder / "config.json", folder / "holdout.safetensors")
    save_file(_tensors(model), checkpoint.weights)
    checkpoint.config.write_text(json.dumps({"architecture": "mlp", "activation": model.activation}))
    save_file({"inputs": test_inputs.astype(np.float32), "labels": test_labels.astype(np.int64)}, checkpoint.holdout)
    return checkpoint


def _tensors(model: MLPClassifier) -> dict[str, np.ndarray[Any, Any]]:
    """The weights as checkpoints store them, [out, in]; scikit-learn has [in, out]."""
    tensors = {}
    for layer, (weight, bias) in enumerate(zip(model.coefs_, model.intercepts_, strict=True)):
        tensors[f"layers.{layer}.weight"] = np.ascontiguousarray(weight.T, dtype=np.float32)
        tensors[f"layers.{layer}.bias"] = bias.astype(np.float32)
    return tensors
