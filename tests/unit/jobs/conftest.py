"""A bucket as a folder, and a small checkpoint in it."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest
from safetensors.numpy import save_file

from aftertrain.jobs import benchmark, checkpoint, conversion, evaluate
from aftertrain.jobs.contract import JobError


class FolderBucket:
    """`s3://models/KEY` is a file below a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, uri: str) -> Path:
        return self.folder / uri.removeprefix("s3://")

    def fetch(self, uri: str, folder: Path) -> Path:
        if not self.path(uri).exists():
            raise JobError(f"{uri} cannot be read")
        return Path(shutil.copy(self.path(uri), folder))

    def fetch_folder(self, uri: str, folder: Path, *, below: bool = True) -> Path:
        return Path(shutil.copytree(self.path(uri), folder, dirs_exist_ok=True))

    def store(self, path: Path, uri: str) -> str:
        self.path(uri).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, self.path(uri))
        return uri

    def tensors(self, uri: str, tensors: dict[str, np.ndarray[Any, Any]]) -> None:
        """Write a safetensors file."""
        self.path(uri).parent.mkdir(parents=True, exist_ok=True)
        save_file(tensors, self.path(uri))

    def text(self, uri: str, text: str) -> None:
        """Write a text."""
        self.path(uri).parent.mkdir(parents=True, exist_ok=True)
        self.path(uri).write_text(text)


@pytest.fixture
def bucket(tmp_path: Path) -> Iterator[FolderBucket]:
    """The bucket, with a checkpoint of two layers and held-out examples. The model is right on three of four."""
    bucket = FolderBucket(tmp_path / "buckets")
    weights = {
        "layers.0.weight": np.array([[1, 0], [0, 1], [1, 1]], np.float32),
        "layers.0.bias": np.array([0, 0, -1], np.float32),
        "layers.1.weight": np.array([[1, 0, 0.5], [0, 1, 0.5]], np.float32),
        "layers.1.bias": np.zeros(2, np.float32),
    }
    inputs = np.array([[2, 1], [1, 2], [3, 0], [3, 0]], np.float32)
    bucket.tensors("s3://models/final/model.safetensors", weights)
    bucket.text("s3://models/final/config.json", '{"architecture": "mlp", "activation": "relu"}')
    bucket.tensors("s3://models/data.safetensors", {"inputs": inputs, "labels": np.array([0, 1, 0, 1])})
    with (
        mock.patch.object(checkpoint, "fetch", bucket.fetch),
        mock.patch.object(conversion, "store", bucket.store),
        mock.patch.object(benchmark, "fetch", bucket.fetch),
        mock.patch.object(evaluate, "fetch", bucket.fetch),
    ):
        yield bucket
