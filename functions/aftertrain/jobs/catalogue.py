"""The jobs by name. A new job is a file beside this one and a line here."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from aftertrain.jobs.benchmark import benchmark
from aftertrain.jobs.contract import JobError, JobInput
from aftertrain.jobs.convert import convert
from aftertrain.jobs.evaluate import evaluate
from aftertrain.jobs.program import program


def language(job: JobInput, folder: Path) -> dict[str, Any]:
    """Imported only if asked for: the harness's libraries are many, and need not be there for other jobs."""
    from aftertrain.jobs.language import evaluate_language

    return evaluate_language(job, folder)


JOBS: dict[str, Callable[[JobInput, Path], dict[str, Any]]] = {
    "job_run": program,
    "language_model_evaluate": language,
    "model_benchmark": benchmark,
    "model_convert": convert,
    "model_evaluate": evaluate,
}


def find(name: str) -> Callable[[JobInput, Path], dict[str, Any]]:
    """The job of this name. Raises: JobError if there is none."""
    if name not in JOBS:
        raise JobError(f"there is no job {name!r}: there is {', '.join(sorted(JOBS))}")
    return JOBS[name]
