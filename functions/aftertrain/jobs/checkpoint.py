"""A checkpoint in a bucket -> a model in memory.

    s3://models/final/model.safetensors   layers.0.weight [32, 64], layers.0.bias [32], …
    s3://models/final/config.json         {"architecture": "mlp", "activation": "relu"}

Only safetensors are read: unlike pickles they cannot run code. `architecture` selects the forward pass.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from aftertrain.jobs.contract import JobError
from aftertrain.jobs.mlp import Mlp
from aftertrain.jobs.model_folder import read_config
from aftertrain.jobs.storage import fetch, sibling


def load_checkpoint(uri: str, folder: Path) -> Mlp:
    """Fetch weights and config, and build the model. Raises: JobError; the message names the mismatch."""
    tensors = read_tensors(fetch(uri, folder))
    config = read_config(fetch(sibling(uri, "config.json"), folder))
    if config.get("architecture") != "mlp":
        raise JobError(f"{uri}: unknown architecture {config.get('architecture')!r}: known is 'mlp'")
    return Mlp.from_tensors(tensors, str(config.get("activation", "relu")))


def save_checkpoint(model: Mlp, path: Path, kind: np.dtype[Any]) -> Mlp:
    """Write the weights with a number type, and their config; returns the model as read back."""
    save_file({name: np.ascontiguousarray(value, dtype=kind) for name, value in model.tensors().items()}, path)
    config = {"architecture": "mlp", "activation": model.activation}
    path.with_name("config.json").write_text(json.dumps(config))
    return Mlp.from_tensors(read_tensors(path), model.activation)


def read_tensors(path: Path) -> dict[str, np.ndarray[Any, Any]]:
    """All tensors of a safetensors file. Raises: JobError if it is no such file."""
    try:
        return dict(load_file(path))
    except SafetensorError as error:
        raise JobError(f"{path.name} is not a safetensors file: {error}") from None


def read_examples(uri: str, folder: Path) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Held-out examples: `inputs` [n, features] and `labels` [n] of a safetensors file."""
    tensors = read_tensors(fetch(uri, folder))
    if not {"inputs", "labels"} <= tensors.keys():
        raise JobError(f"{uri}: a data set needs the tensors 'inputs' and 'labels', but this one has {sorted(tensors)}")
    inputs, labels = tensors["inputs"], tensors["labels"]
    if len(inputs) != len(labels) or not len(inputs):
        raise JobError(f"{uri}: {len(inputs)} inputs and {len(labels)} labels do not form a data set")
    return inputs, labels
