"""ONNX -> an engine of NVIDIA's TensorRT, and the engine's logits.

    plan = build(onnx_bytes, features=64, half=True)    # for the GPU type of this machine, and no other
    Engine(plan).logits(samples)                        # [n, 64] -> [n, classes]

An engine serves only on the GPU type that built it: give the step the `gpu_type` of the cluster. This code has never
built an engine, for lack of a GPU. It is written against TensorRT 10 and cuda-python 12 or later.
"""

import importlib
from typing import Any

import numpy as np

from aftertrain.jobs.contract import JobError

Array = np.ndarray[Any, Any]
WORKSPACE = 4 << 30  # bytes of GPU memory that the builder may use
BATCHES = (1, 32, 1024)  # the smallest, the optimal and the largest batch
INPUT, OUTPUT = "input", "logits"


def library(name: str) -> Any:
    """A library of NVIDIA's. Raises: JobError that says what to install."""
    try:
        return importlib.import_module(name)
    except ImportError:
        raise JobError(
            "the format 'tensorrt' needs an NVIDIA GPU with its driver, and in the job's image the packages tensorrt "
            f"(10) and cuda-python (12 or later): {name} is missing"
        ) from None


def build(model: bytes, features: int, *, half: bool) -> bytes:
    """The engine. Raises: JobError if TensorRT does not accept the model, or cannot build it here."""
    trt = library("tensorrt")
    logger = trt.Logger(trt.Logger.WARNING)
    builder = trt.Builder(logger)
    network = builder.create_network(0)
    parser = trt.OnnxParser(network, logger)
    if not parser.parse(model):
        reasons = "; ".join(str(parser.get_error(index)) for index in range(parser.num_errors))
        raise JobError(f"TensorRT does not accept the model: {reasons}")
    config = builder.create_builder_config()
    config.set_memory_pool_limit(trt.MemoryPoolType.WORKSPACE, WORKSPACE)
    if half:
        config.set_flag(trt.BuilderFlag.FP16)
    profile = builder.create_optimization_profile()
    profile.set_shape(INPUT, *((batch, features) for batch in BATCHES))
    config.add_optimization_profile(profile)
    plan = builder.build_serialized_network(network, config)
    if plan is None:
        raise JobError("TensorRT could not build an engine; the job's log has its reasons")
    return bytes(plan)


class Engine:
    """A loaded engine with its GPU memory."""

    def __init__(self, plan: bytes) -> None:
        """Raises: JobError if the engine is not for this GPU."""
        trt = library("tensorrt")
        self._cuda = library("cuda.bindings.runtime")
        engine = trt.Runtime(trt.Logger(trt.Logger.WARNING)).deserialize_cuda_engine(plan)
        if engine is None:
            raise JobError("the engine cannot be loaded on this GPU")
        self._engine, self._context = engine, engine.create_execution_context()

    def logits(self, samples: Array) -> Array:
        """[n, features] -> [n, classes], batch by batch."""
        largest = BATCHES[-1]
        parts = [self._run_batch(samples[start : start + largest]) for start in range(0, len(samples), largest)]
        return np.concatenate(parts)

    def _run_batch(self, samples: Array) -> Array:
        inputs = np.ascontiguousarray(samples, dtype=np.float32)
        self._context.set_input_shape(INPUT, inputs.shape)
        output: Array = np.empty(tuple(self._context.get_tensor_shape(OUTPUT)), dtype=np.float32)
        cuda, kinds = self._cuda, self._cuda.cudaMemcpyKind
        stream = self._check(cuda.cudaStreamCreate())
        device_input, device_output = (self._check(cuda.cudaMalloc(array.nbytes)) for array in (inputs, output))
        try:
            self._check(cuda.cudaMemcpy(device_input, inputs.ctypes.data, inputs.nbytes, kinds.cudaMemcpyHostToDevice))
            self._context.set_tensor_address(INPUT, device_input)
            self._context.set_tensor_address(OUTPUT, device_output)
            if not self._context.execute_async_v3(stream):
                raise JobError("the engine did not run; the job's log has its reasons")
            self._check(cuda.cudaStreamSynchronize(stream))
            self._check(cuda.cudaMemcpy(output.ctypes.data, device_output, output.nbytes, kinds.cudaMemcpyDeviceToHost))
        finally:
            for pointer in (device_input, device_output):
                cuda.cudaFree(pointer)
            cuda.cudaStreamDestroy(stream)
        return output

    def _check(self, result: tuple[Any, ...]) -> Any:
        """The result of a CUDA call, whose first element is an error code, 0 for success."""
        error, *value = result
        if int(error):
            raise JobError(f"CUDA: {error}")
        return value[0] if value else None
