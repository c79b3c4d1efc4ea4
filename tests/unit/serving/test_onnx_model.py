"""The runtime of a replica: models of one object, and models in a folder with their weights."""

import asyncio
import shutil
import threading
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from mlserver.codecs import NumpyCodec
from mlserver.errors import InferenceError
from mlserver.settings import ModelParameters, ModelSettings
from mlserver.types import InferenceRequest
from onnx import TensorProto, helper, numpy_helper

from aftertrain.serving import onnx_model
from aftertrain.serving.onnx_model import OnnxModel

TABLE = np.arange(6, dtype=np.float32).reshape(3, 2)


@pytest.fixture
def bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """`s3://m/…` is a folder."""
    graph = helper.make_graph(
        [helper.make_node("Gather", ["table", "at"], ["found"])],
        "table",
        [helper.make_tensor_value_info("at", TensorProto.INT64, ["n", 1])],
        [helper.make_tensor_value_info("found", TensorProto.FLOAT, ["n", 1, 2])],
        [numpy_helper.from_array(TABLE, "table")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    root = tmp_path / "bucket"
    (root / "folder").mkdir(parents=True)
    onnx.save(model, root / "one.onnx")
    onnx.save(
        model, root / "folder" / "model.onnx", save_as_external_data=True, location="model.onnx.data", size_threshold=0
    )

    def fetch(uri: str, folder: Path) -> Path:
        return Path(shutil.copy(root / uri.removeprefix("s3://m/"), folder))

    def fetch_folder(uri: str, folder: Path) -> Path:
        return Path(shutil.copytree(root / uri.removeprefix("s3://m/"), folder, dirs_exist_ok=True))

    monkeypatch.setattr(onnx_model, "fetch", fetch)
    monkeypatch.setattr(onnx_model, "fetch_folder", fetch_folder)
    return root


def served(uri: str) -> Any:
    parameters = ModelParameters(uri=uri, extra={"version": "v1"})
    return OnnxModel(ModelSettings(name="table", implementation=OnnxModel, parameters=parameters))


def answer(model: Any, at: list[int]) -> Any:
    request = InferenceRequest(inputs=[NumpyCodec.encode_input("at", np.array(at).reshape(-1, 1))])
    response = asyncio.run(model.predict(request))
    assert response.model_version == "v1"
    return NumpyCodec.decode_output(response.outputs[0])[:, 0]


@pytest.mark.parametrize("uri", ["s3://m/one.onnx", "s3://m/folder/"])
def test_a_model_is_served_as_an_object_or_as_a_folder(bucket: Path, uri: str) -> None:
    model = served(uri)
    assert asyncio.run(model.load())

    assert np.array_equal(answer(model, [2, 0]), TABLE[[2, 0]])
    assert [(each.name, each.datatype, each.shape) for each in model.outputs] == [("found", "FP32", [-1, 1, 2])]


def test_what_cannot_be_loaded_leaves_what_is_served(bucket: Path) -> None:
    model = served("s3://m/folder/")
    asyncio.run(model.load())
    (bucket / "folder" / "model.onnx.data").unlink()
    with pytest.raises(Exception, match=r"model\.onnx\.data"):
        asyncio.run(model.load())

    assert np.array_equal(answer(model, [1]), TABLE[[1]])


def test_loads_of_one_model_end_in_the_order_in_which_they_were_asked_for(
    bucket: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slow load must not replace the release of a later rollback. Other models load meanwhile."""
    slow, ended = threading.Event(), []
    fetch = onnx_model._fetched

    def fetched(uri: str, folder: Path) -> Path:
        if uri.endswith("folder/"):
            slow.wait(10)
        return fetch(uri, folder)

    async def load(model: Any, name: str) -> None:
        await model.load()
        ended.append(name)

    async def all_of_them() -> None:
        first = asyncio.create_task(load(served("s3://m/folder/"), "refused"))
        await asyncio.sleep(0)
        back = asyncio.create_task(load(served("s3://m/one.onnx"), "rolled back to"))
        other = served("s3://m/one.onnx")
        other._settings.name = "other"
        await load(other, "another model")
        slow.set()
        await asyncio.gather(first, back)

    monkeypatch.setattr(onnx_model, "_fetched", fetched)
    asyncio.run(all_of_them())

    assert ended == ["another model", "refused", "rolled back to"]


def test_a_model_that_is_still_being_loaded_says_so() -> None:
    with pytest.raises(InferenceError, match="still being loaded"):
        answer(served("s3://m/one.onnx"), [1])
