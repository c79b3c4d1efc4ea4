"""The jobs by name. A new job is a file beside this one and a line here.

A job's module is imported on demand: importing numpy, onnxruntime and others takes longer than many jobs.
"""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from aftertrain.jobs.contract import JobError, JobInput

Job = Callable[[JobInput, Path], dict[str, Any]]
# Name: the module below `aftertrain.jobs`, and its function.
JOBS = {
    "job_run": ("program", "program"),
    "language_model_convert": ("convert_language", "convert_language"),
    "language_model_evaluate": ("language", "evaluate_language"),
    "model_benchmark": ("benchmark", "benchmark"),
    "model_convert": ("convert", "convert"),
    "model_evaluate": ("evaluate", "evaluate"),
}


def find(name: str) -> Job:
    """The job of this name. Raises: JobError if it does not exist."""
    if name not in JOBS:
        raise JobError(f"unknown job {name!r}: known are {', '.join(sorted(JOBS))}")
    module, function = JOBS[name]
    job: Job = getattr(import_module(f"aftertrain.jobs.{module}"), function)
    return job
