"""ONNX model -> MLServer runtime.

It loads the artefact that the assignment names, derives its inputs and outputs from the graph, and answers each request
with the assignment's version, so a client knows which release answered.
"""

import asyncio
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.errors import InferenceError
from mlserver.types import InferenceRequest, InferenceResponse, MetadataTensor

from aftertrain.jobs.storage import fetch, fetch_folder

_DATATYPES = {
    "tensor(float)": ("FP32", np.float32),
    "tensor(float16)": ("FP16", np.float16),
    "tensor(double)": ("FP64", np.float64),
    "tensor(int64)": ("INT64", np.int64),
    "tensor(int32)": ("INT32", np.int32),
}


_LOADING: dict[str, asyncio.Lock] = {}


class OnnxModel(MLModel):  # type: ignore[misc]  # MLServer ships no types
    """One ONNX model in onnxruntime."""

    _session: onnxruntime.InferenceSession | None = None

    async def load(self) -> bool:
        """Fetch the artefact and build the session; until that has worked, what was served before goes on serving."""
        # Loads of one model run one after the other, so the last one is served; other models answer meanwhile.
        async with _LOADING.setdefault(self.name, asyncio.Lock()):
            session = await asyncio.to_thread(_load_session, self.settings.parameters.uri)
        inputs, outputs = (list(map(_describe, tensors)) for tensors in (session.get_inputs(), session.get_outputs()))
        self._session, self.inputs, self.outputs = session, inputs, outputs
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        """Run the session on the request's inputs, by name."""
        if self._session is None:
            raise InferenceError(f"{self.name} is still being loaded")
        types = {tensor.name: _DATATYPES[tensor.type][1] for tensor in self._session.get_inputs()}
        feed = {
            tensor.name: NumpyCodec.decode_input(tensor).astype(types[tensor.name])
            for tensor in payload.inputs
            if tensor.name in types
        }
        names = [tensor.name for tensor in self._session.get_outputs()]
        results = self._session.run(names, feed)
        return InferenceResponse(
            model_name=self.name,
            model_version=self.settings.parameters.extra["version"],
            outputs=[NumpyCodec.encode_output(name, value) for name, value in zip(names, results, strict=True)],
        )


def _load_session(uri: str) -> onnxruntime.InferenceSession:
    with tempfile.TemporaryDirectory(prefix="aftertrain-model-") as folder:
        # The weights are memory-mapped and stay readable after their file is deleted.
        model = str(_fetched(uri, Path(folder)))
        return onnxruntime.InferenceSession(model, providers=onnxruntime.get_available_providers())


def _fetched(uri: str, folder: Path) -> Path:
    """The graph: an object, or model.onnx in a folder with its weights."""
    return fetch_folder(uri, folder) / "model.onnx" if uri.endswith("/") else fetch(uri, folder)


def _describe(tensor: Any) -> MetadataTensor:
    if tensor.type not in _DATATYPES:
        raise ValueError(f"{tensor.name} has the type {tensor.type}; supported are {', '.join(_DATATYPES)}")
    shape = [size if isinstance(size, int) else -1 for size in tensor.shape]
    return MetadataTensor(name=tensor.name, datatype=_DATATYPES[tensor.type][0], shape=shape)
