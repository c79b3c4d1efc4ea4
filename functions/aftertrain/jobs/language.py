"""Scores a language model by EleutherAI's lm-evaluation-harness on the author's tasks, with quality gates.

    s3://models/final/    what the backend reads: model.onnx and tokenizer.json, or a transformers folder
    s3://evals/tasks/     sums.yaml (`dataset_path: json`, `data_files: {test: sums.jsonl}`) and sums.jsonl
    ->  {"scores": {"sums": {"acc": 0.91}}, "low": {"sums": {"acc": 0.86}}, "high": …, "examples": {"sums": 200}, …}

Nothing is fetched over the network: tasks, data and models come from these folders. A task file may name Python
functions, which then run; so anybody who can write to the folder of tasks can run code in the job.
"""

import contextlib
import math
import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from aftertrain.jobs.contract import JobError, JobInput
from aftertrain.jobs.devices import torch_device
from aftertrain.jobs.model_folder import fetch_model
from aftertrain.jobs.quality_gates import Score, check_least, check_regressions, make_score
from aftertrain.jobs.storage import fetch_folder

OFFLINE = ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE", "TRANSFORMERS_OFFLINE")
NEEDS = {"onnx": ("onnxruntime", "tokenizers"), "hf": ("torch", "transformers"), "vllm": ("vllm",)}
NO_FILTER = ",none"  # the harness appends the answers' filter to a metric's name
Scores = dict[str, dict[str, Score]]


def evaluate_language(job: JobInput, folder: Path) -> dict[str, Any]:
    """Returns {model_uri, scores, low, high, examples, baseline_scores}; scores and bounds are by task and metric.

    Raises: JobError, also if a gate is missed.
    """
    backend = str(job.params.get("backend", "hf"))
    _check_backend(backend)
    tasks = fetch_folder(job.param("tasks_uri"), folder / "tasks")
    scores = _scores(job, backend, job.param("model_uri"), tasks, folder / "model")
    for task, minimums in (job.params.get("min_scores") or {}).items():
        for metric, value in minimums.items():
            check_least(f"{task} {metric}", scores.get(task, {}).get(metric), value)
    baseline: Scores | None = None
    if job.params.get("baseline_uri"):
        baseline = _scores(job, backend, job.params["baseline_uri"], tasks, folder / "baseline")
        check_regressions(list(_pair_scores(scores, baseline)))
    return {
        "model_uri": job.params["model_uri"],
        **{name: _table(scores, name) for name in ("low", "high")},
        "scores": _table(scores, "value"),
        "examples": {
            task: max((score.examples for score in metrics.values()), default=0) for task, metrics in scores.items()
        },
        "baseline_scores": _table(baseline, "value") if baseline else None,
    }


def _check_backend(backend: str) -> None:
    missing = [name for name in ("lm_eval", *NEEDS.get(backend, ())) if find_spec(name) is None]
    if backend not in NEEDS:
        raise JobError(f"unknown backend {backend!r}: known are {', '.join(NEEDS)}")
    if missing:
        raise JobError(
            f"the backend {backend!r} needs {' and '.join(missing)} in the job's image: install aftertrain[language], "
            f"and for hf and vllm `lm-eval[{backend}]`"
        )


def _scores(job: JobInput, backend: str, uri: str, tasks: Path, folder: Path) -> Scores:
    """The scores of one model. Raises: JobError if a task does not exist; the log has the harness' own errors."""
    for name in OFFLINE:
        os.environ.setdefault(name, "1")
    os.environ.setdefault("HF_HOME", str(folder.parent / "cache"))
    from lm_eval.evaluator import simple_evaluate
    from lm_eval.tasks import TaskManager

    model_folder = fetch_model(uri, folder)
    names = [str(name) for name in job.param("tasks")]
    with contextlib.chdir(tasks):  # a task's data files are relative to its folder
        manager = TaskManager(include_path=str(tasks), include_defaults=False)
        unknown = sorted(set(names) - set(manager.all_subtasks))
        if unknown:
            raise JobError(
                f"{job.param('tasks_uri')} has no task {unknown[0]!r}; it has {sorted(manager.all_subtasks)}"
            )
        results = simple_evaluate(
            **_model(backend, model_folder, job.params.get("model_args") or {}),
            tasks=names,
            task_manager=manager,
            num_fewshot=job.params.get("num_fewshot"),
            limit=job.params.get("limit"),
            bootstrap_iters=0,
            log_samples=True,
        )
    return {task: _metrics(task, results) for task in names}


def _model(backend: str, folder: Path, options: dict[str, Any]) -> dict[str, Any]:
    if backend == "onnx":
        from aftertrain.jobs.onnx_language import OnnxLanguageModel

        return {"model": OnnxLanguageModel(folder, **options)}
    # The harness assumes a GPU otherwise.
    device = {"device": torch_device()} if backend == "hf" else {}
    return {"model": backend, "model_args": {"pretrained": str(folder), **device, **options}}


def _metrics(task: str, results: dict[str, Any]) -> dict[str, Score]:
    """Every number that the harness reports for a task, with an interval if it is a mean over examples.

    A task's filters may process answers: {"exact_match,strict-match": …}.
    """
    samples = results["samples"][task]
    if any(_is_lost(sample.get("resps")) for sample in samples):
        raise JobError(f"{task}: the model answers with NaN: its training diverged")
    better = results.get("higher_is_better", {}).get(task, {})
    scores = {}
    for key, value in results["results"][task].items():
        name, _, filter_name = key.partition(",")
        if filter_name and not name.endswith("_stderr") and isinstance(value, int | float):
            values = [sample.get(name) for sample in samples if sample["filter"] == filter_name]
            higher = better.get(name) is not False
            scores[key.removesuffix(NO_FILTER)] = make_score(float(value), values, higher_is_better=higher)
    return scores


def _is_lost(answers: Any) -> bool:
    """Whether a model's answer, which may be nested lists, contains NaN."""
    if isinstance(answers, list | tuple):
        return any(map(_is_lost, answers))
    return isinstance(answers, float) and math.isnan(answers)


def _pair_scores(scores: Scores, baseline: Scores) -> Iterator[tuple[str, Score, Score]]:
    for task, metrics in scores.items():
        yield from ((f"{task} {name}", score, baseline[task][name]) for name, score in metrics.items())


def _table(scores: Scores, name: str) -> dict[str, dict[str, float]]:
    """One number of every score, by task and metric; a score without an interval has no bounds."""
    return {
        task: {metric: number for metric, score in metrics.items() if (number := getattr(score, name)) is not None}
        for task, metrics in scores.items()
    }
