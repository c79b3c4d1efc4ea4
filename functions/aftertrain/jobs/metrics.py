"""Metrics of classifiers, by scikit-learn.

    measure(["f1_macro"], logits [n, classes], labels [n])  ->  {"f1_macro": Score(0.87, …)}

A lower `log_loss` is better, so its gate is an upper bound.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from aftertrain.jobs.contract import JobError
from aftertrain.jobs.quality_gates import Score

Array = np.ndarray[Any, Any]
LESS_IS_BETTER = ("log_loss",)


def measure(names: list[str], logits: Array, labels: Array) -> dict[str, Score]:
    """Each metric as a score without an interval. Raises: JobError for an unknown, missing or undefined metric."""
    try:
        from sklearn import metrics
    except ImportError:
        raise JobError("metrics need scikit-learn in the job's image: install aftertrain[jobs]") from None
    available = _metrics(metrics)
    unknown = sorted(set(names) - available.keys())
    if unknown:
        raise JobError(f"unknown metric {unknown[0]!r}: known are {', '.join(available)}")
    return {name: _score(name, available[name], logits, labels) for name in names}


def _metrics(metrics: Any) -> dict[str, Callable[[Array, Array, Array], float]]:
    """The metrics by name: functions of labels, predictions and probabilities."""
    average: dict[str, Any] = {"average": "macro", "zero_division": 0}
    return {
        "balanced_accuracy": lambda labels, guesses, _: metrics.balanced_accuracy_score(labels, guesses),
        "f1_macro": lambda labels, guesses, _: metrics.f1_score(labels, guesses, **average),
        "precision_macro": lambda labels, guesses, _: metrics.precision_score(labels, guesses, **average),
        "recall_macro": lambda labels, guesses, _: metrics.recall_score(labels, guesses, **average),
        "log_loss": lambda labels, _, chances: metrics.log_loss(labels, chances, labels=range(chances.shape[1])),
        "roc_auc": lambda labels, _, chances: _roc_auc(metrics, labels, chances),
    }


def _roc_auc(metrics: Any, labels: Array, chances: Array) -> float:
    """For two classes, or each class against the rest."""
    if chances.shape[1] == 2:
        return float(metrics.roc_auc_score(labels, chances[:, 1]))
    return float(metrics.roc_auc_score(labels, chances, multi_class="ovr", labels=range(chances.shape[1])))


def _score(name: str, metric: Callable[[Array, Array, Array], float], logits: Array, labels: Array) -> Score:
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    chances = shifted / shifted.sum(axis=1, keepdims=True)
    try:
        value = float(metric(labels, np.argmax(logits, axis=1), chances))
    except ValueError as error:
        raise JobError(f"{name} cannot be measured on these examples: {error}") from None
    if not np.isfinite(value):
        raise JobError(f"{name} cannot be measured on these examples: it is {value}")
    return Score(value, None, None, (), len(labels), higher_is_better=name not in LESS_IS_BETTER)
