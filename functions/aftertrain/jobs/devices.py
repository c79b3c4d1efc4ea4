"""What a job runs on: a GPU if it has one, and if it was given one, nothing else.

    session(Path("model.onnx"))  ->  onnxruntime's, on CUDAExecutionProvider if there is one
    torch_device()               ->  "cuda"

A service that gives a job GPUs says how many in AFTERTRAIN_GPUS. Where a library does not find one then, the job fails
and says what is missing, before it takes a hundred times as long on a processor beside a GPU that is paid for.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from aftertrain.jobs.contract import JobError

if TYPE_CHECKING:  # only jobs on ONNX have it
    import onnxruntime

VARIABLE = "AFTERTRAIN_GPUS"
CUDA, CPU = "CUDAExecutionProvider", "CPUExecutionProvider"


def providers() -> list[str]:
    """Of onnxruntime, the best first. Raises: JobError if the job has a GPU that onnxruntime does not find."""
    import onnxruntime

    available = [provider for provider in (CUDA, CPU) if provider in onnxruntime.get_available_providers()]
    if _has_gpus() and CUDA not in available:
        raise JobError(
            "this job has a GPU, and its onnxruntime is one for processors: put onnxruntime-gpu into the image, "
            "or ask for no gpu in compute"
        )
    return available


def session(path: Path, names: list[str] | None = None) -> "onnxruntime.InferenceSession":
    """A model in onnxruntime; `wanted` are its providers, else the best that there are.

    Raises: JobError if it cannot be run, or if the job has a GPU that onnxruntime gave up on: it would go on without.
    """
    import onnxruntime

    names = names or providers()
    try:
        model = onnxruntime.InferenceSession(str(path), providers=names)
    except Exception as error:  # onnxruntime's own errors have no base class of theirs
        raise JobError(f"{path.name} is not an ONNX model that can be run here: {error}") from None
    if _has_gpus() and names[0] != model.get_providers()[0]:
        raise JobError(
            f"this job has a GPU, and onnxruntime {onnxruntime.__version__} could not use {names[0]}: its log says "
            "which versions of CUDA and cuDNN it needs; or ask for no gpu in compute"
        )
    return model


def torch_device() -> str:
    """`cuda` or `cpu`. Raises: JobError if the job has a GPU that PyTorch does not find."""
    import torch

    if torch.cuda.is_available():
        return "cuda"
    if _has_gpus():
        built = torch.version.cuda or "no CUDA"
        raise JobError(
            f"this job has a GPU, and PyTorch {torch.__version__}, built for {built}, does not find it: it may be "
            "newer than the driver of the host, or built for processors; or ask for no gpu in compute"
        )
    return "cpu"


def _has_gpus() -> bool:
    return int(os.environ.get(VARIABLE, "0")) > 0
