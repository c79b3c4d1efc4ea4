"""A job's device: the GPU if there is one, and if the job was given a GPU, nothing else.

    session(Path("model.onnx"))  ->  onnxruntime's, on CUDAExecutionProvider if there is one
    torch_device()               ->  "cuda"

A service that gives a job GPUs sets their number in AFTERTRAIN_GPUS. If a library then finds none, the job fails with
what is missing, instead of running a hundred times longer on the CPU beside a paid GPU.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from aftertrain.jobs.contract import JobError

if TYPE_CHECKING:  # only jobs with ONNX models have it
    import onnxruntime

VARIABLE = "AFTERTRAIN_GPUS"
CUDA, CPU = "CUDAExecutionProvider", "CPUExecutionProvider"


def providers() -> list[str]:
    """onnxruntime's providers, the best first. Raises: JobError if onnxruntime does not find the job's GPU."""
    import onnxruntime

    available = [provider for provider in (CUDA, CPU) if provider in onnxruntime.get_available_providers()]
    if _has_gpus() and CUDA not in available:
        raise JobError(
            "this job has a GPU, but its onnxruntime is the CPU build: put onnxruntime-gpu into the image, "
            "or remove gpu from compute"
        )
    return available


def session(path: Path, names: list[str] | None = None) -> "onnxruntime.InferenceSession":
    """A model in onnxruntime; `names`: its providers, by default the best available.

    Raises: JobError if the model does not load, or if onnxruntime silently gave up on the job's GPU.
    """
    import onnxruntime

    names = names or providers()
    try:
        model = onnxruntime.InferenceSession(str(path), providers=names)
    except Exception as error:  # onnxruntime's errors have no common base class
        raise JobError(f"{path.name} is not an ONNX model that can be run here: {error}") from None
    if _has_gpus() and names[0] != model.get_providers()[0]:
        raise JobError(
            f"this job has a GPU, but onnxruntime {onnxruntime.__version__} could not use {names[0]}: its log says "
            "which versions of CUDA and cuDNN it needs; or remove gpu from compute"
        )
    return model


def torch_device() -> str:
    """`cuda` or `cpu`. Raises: JobError if PyTorch does not find the job's GPU."""
    import torch

    if torch.cuda.is_available():
        return "cuda"
    if _has_gpus():
        built = torch.version.cuda or "no CUDA"
        raise JobError(
            f"this job has a GPU, but PyTorch {torch.__version__}, built for {built}, does not find it: it may be "
            "newer than the host's driver, or the CPU build; or remove gpu from compute"
        )
    return "cpu"


def _has_gpus() -> bool:
    return int(os.environ.get(VARIABLE, "0")) > 0
