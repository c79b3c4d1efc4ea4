"""TensorRT engines: reports of missing parts, and the calls in their order, on stand-ins for NVIDIA's two libraries.

No engine was ever built. The stand-ins show that a built engine is loaded, fed and read in batches, and that each of
its errors reaches the user. They do not show that NVIDIA's libraries behave as documented.
"""

import ctypes
from types import SimpleNamespace
from typing import Any

import numpy as np
import onnxruntime
import pytest

from aftertrain.jobs import tensorrt_engine
from aftertrain.jobs.contract import JobError
from aftertrain.jobs.mlp import Mlp
from aftertrain.jobs.tensorrt_engine import Engine, build

MODEL = Mlp((np.eye(3, 2, dtype=np.float32),), (np.zeros(3, np.float32),), "relu")
BYTES = MODEL.onnx().SerializeToString()


class Builder:
    """Its engine is the ONNX model itself."""

    built: bytes | None = BYTES

    def __init__(self, _: Any) -> None:
        self.flags: list[Any] = []

    def create_network(self, _: int) -> Any:
        return SimpleNamespace()

    def create_builder_config(self) -> Any:
        return SimpleNamespace(
            set_memory_pool_limit=lambda *_: None, set_flag=self.flags.append, add_optimization_profile=lambda _: None
        )

    def create_optimization_profile(self) -> Any:
        return SimpleNamespace(set_shape=lambda name, least, best, most: None)

    def build_serialized_network(self, *_: Any) -> bytes | None:
        return Builder.built


class Context:
    """Runs the model by onnxruntime, on memory that is found by its address, like a GPU's."""

    def __init__(self, model: bytes) -> None:
        self.session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
        self.at: dict[str, int] = {}

    def set_input_shape(self, _: str, shape: tuple[int, ...]) -> None:
        self.shape = shape

    def get_tensor_shape(self, _: str) -> tuple[int, ...]:
        return (self.shape[0], 3)

    def set_tensor_address(self, name: str, address: int) -> None:
        self.at[name] = address

    def execute_async_v3(self, _: int) -> bool:
        given = np.ctypeslib.as_array((ctypes.c_float * (self.shape[0] * 2)).from_address(self.at["input"]))
        (found,) = self.session.run(None, {"input": given.reshape(self.shape)})
        ctypes.memmove(self.at["logits"], np.ascontiguousarray(found).ctypes.data, found.nbytes)
        return True


class Cuda:
    """Memory of the processor."""

    cudaMemcpyKind = SimpleNamespace(cudaMemcpyHostToDevice=1, cudaMemcpyDeviceToHost=2)

    def __init__(self) -> None:
        self.held: dict[int, Any] = {}
        self.fails = 0

    def cudaStreamCreate(self) -> tuple[int, int]:
        return 0, 7

    def cudaMalloc(self, size: int) -> tuple[int, int]:
        block = ctypes.create_string_buffer(size)
        self.held[ctypes.addressof(block)] = block
        return self.fails, ctypes.addressof(block)

    def cudaMemcpy(self, to: int, source: int, size: int, _: int) -> tuple[int]:
        ctypes.memmove(to, source, size)
        return (0,)

    def cudaStreamSynchronize(self, _: int) -> tuple[int]:
        return (0,)

    def cudaStreamDestroy(self, _: int) -> tuple[int]:
        return (0,)

    def cudaFree(self, address: int) -> tuple[int]:
        del self.held[address]
        return (0,)


@pytest.fixture
def cuda(monkeypatch: pytest.MonkeyPatch) -> Cuda:
    """Both libraries, as far as an engine needs them."""
    cuda = Cuda()
    engine = lambda plan: SimpleNamespace(create_execution_context=lambda: Context(plan)) if plan else None  # noqa: E731 - a stand-in
    parser = SimpleNamespace(parse=lambda text: text != b"no", num_errors=1, get_error=lambda _: "no node Dance")
    tensorrt = SimpleNamespace(
        Logger=type("Logger", (), {"WARNING": 2, "__init__": lambda self, _: None}),
        Builder=Builder,
        OnnxParser=lambda *_: parser,
        MemoryPoolType=SimpleNamespace(WORKSPACE=0),
        BuilderFlag=SimpleNamespace(FP16="half"),
        Runtime=lambda _: SimpleNamespace(deserialize_cuda_engine=engine),
    )
    known = {"tensorrt": tensorrt, "cuda.bindings.runtime": cuda}
    monkeypatch.setattr(tensorrt_engine, "library", known.__getitem__)
    return cuda


def test_an_engine_answers_as_the_model_does_in_batches(cuda: Cuda, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tensorrt_engine, "BATCHES", (1, 2, 4))
    samples = np.arange(20, dtype=np.float32).reshape(10, 2)
    engine = Engine(build(BYTES, 2, half=True))

    assert np.array_equal(engine.logits(samples), MODEL.logits(samples))
    assert cuda.held == {}


def test_a_model_that_is_not_taken_says_why(cuda: Cuda) -> None:
    with pytest.raises(JobError, match="TensorRT does not accept the model: no node Dance"):
        build(b"no", 2, half=False)


def test_an_engine_that_is_not_built_or_not_loaded_is_an_error(cuda: Cuda, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Builder, "built", None)
    with pytest.raises(JobError, match="could not build an engine"):
        build(BYTES, 2, half=False)
    with pytest.raises(JobError, match="cannot be loaded on this GPU"):
        Engine(b"")


def test_an_error_of_the_gpu_is_told(cuda: Cuda) -> None:
    engine = Engine(build(BYTES, 2, half=False))
    cuda.fails = 2
    with pytest.raises(JobError, match="CUDA: 2"):
        engine.logits(np.ones((1, 2), np.float32))


def test_without_the_libraries_it_says_what_it_needs() -> None:
    with pytest.raises(JobError, match=r"needs an NVIDIA GPU with its driver, .* cuda-python .*: tensorrt is missing"):
        build(BYTES, 2, half=False)
