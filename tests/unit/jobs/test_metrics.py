"""Metrics of classifiers, and their gates."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.unit.jobs.conftest import FolderBucket

from aftertrain.actions.model_evaluate import Metric
from aftertrain.jobs.contract import JobError, JobInput
from aftertrain.jobs.evaluate import evaluate
from aftertrain.jobs.metrics import measure

LOGITS = np.array([[2.0, 0.0], [2.0, 0.0], [0.0, 2.0], [2.0, 0.0]])
LABELS = np.array([0, 0, 1, 1])
NAMES: list[str] = list(Metric.__args__)  # type: ignore[attr-defined]  # of a Literal


def test_every_metric_of_the_action_is_measured() -> None:
    found = {name: score.value for name, score in measure(NAMES, LOGITS, LABELS).items()}

    assert found["recall_macro"] == found["balanced_accuracy"] == 0.75
    assert found["precision_macro"] == pytest.approx((2 / 3 + 1) / 2)
    assert found["f1_macro"] == pytest.approx((0.8 + 2 / 3) / 2)
    assert found["roc_auc"] == 0.75
    sure, wrong = math.log(1 + math.exp(-2)), math.log(1 + math.exp(2))
    assert found["log_loss"] == pytest.approx((3 * sure + wrong) / 4)


def test_several_classes_are_each_held_against_the_rest() -> None:
    logits = np.eye(3)[[0, 1, 2, 0]] * 3
    assert measure(["roc_auc"], logits, np.array([0, 1, 2, 0]))["roc_auc"].value == 1


@pytest.mark.parametrize(
    ("names", "labels", "why"),
    [
        (["f2"], LABELS, "unknown metric 'f2': known are balanced_accuracy"),
        (["roc_auc"], np.zeros(4, int), "roc_auc cannot be measured on these examples"),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_what_cannot_be_measured_is_named(names: list[str], labels: Any, why: str) -> None:
    with pytest.raises(JobError, match=why):
        measure(names, LOGITS, labels)


def test_gates_hold_for_metrics(bucket: FolderBucket, tmp_path: Path) -> None:
    def run(**params: Any) -> dict[str, Any]:
        given = {"model_uri": "s3://models/final/model.safetensors", "dataset_uri": "s3://models/data.safetensors"}
        return evaluate(JobInput("model_evaluate", "s", "e", given | params, "s3://o"), tmp_path)

    assert run()["scores"] == {}
    assert set(run(metrics=["f1_macro"], min_scores={"log_loss": 9})["scores"]) == {"f1_macro", "log_loss"}
    with pytest.raises(JobError, match=r"f1_macro is 0\.\d+, below the gate's 0\.99"):
        run(min_scores={"f1_macro": 0.99})
    with pytest.raises(JobError, match=r"log_loss is .*, above the gate's 0\.01"):
        run(min_scores={"log_loss": 0.01})
