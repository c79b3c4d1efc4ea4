"""GPU hours and dollars of executed jobs."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.unit.control.test_history import entered, history

from aftertrain.control.cost import cost, total
from aftertrain.control.history import steps
from aftertrain.control.job_duration import job_duration
from aftertrain.model.definition import Compute

BEGIN = 1_767_225_600_000


def job_seconds(*events: tuple[int, str, dict[str, Any]]) -> float | None:
    (found,) = steps(["a"], history((0, "TaskStateEntered", entered("a")), *events), running=True)
    seconds: float | None = found["job_seconds"]
    return seconds


def ended(kind: str, **said: Any) -> tuple[int, str, dict[str, Any]]:
    field = "output" if kind.endswith("Succeeded") else "cause"
    name = f"{kind[0].lower()}{kind[1:]}EventDetails"
    return 1, kind, {name: {field: json.dumps(said)}}


@pytest.mark.parametrize(
    "said",
    [
        {"StartedAt": BEGIN, "StoppedAt": BEGIN + 600_000, "CreatedAt": BEGIN - 9_000_000},
        {"ProcessingStartTime": BEGIN, "ProcessingEndTime": BEGIN + 600_000},
        {"TrainingTimeInSeconds": 600, "BillableTimeInSeconds": 240, "TrainingEndTime": BEGIN},
        {"TrainingStartTime": BEGIN, "TrainingEndTime": BEGIN + 600_000},
        {
            "StartedAt": BEGIN + 900_000,
            "StoppedAt": BEGIN + 1_000_000,
            "Attempts": [
                {"StartedAt": BEGIN, "StoppedAt": BEGIN + 500_000},
                {"StatusReason": "Host EC2 was terminated"},
                {"StartedAt": BEGIN + 900_000, "StoppedAt": BEGIN + 1_000_000},
            ],
        },
    ],
)
def test_services_say_how_long_a_job_worked(said: dict[str, int]) -> None:
    assert job_seconds(ended("TaskSucceeded", **said)) == 600
    assert job_seconds(ended("TaskFailed", **said), ended("TaskSucceeded", **said)) == 1200


def test_a_workers_job_works_from_when_it_is_taken() -> None:
    waited = ((1, "ActivityScheduled", {}), (2, "ActivityScheduled", {}), (3, "ActivityStarted", {}))

    assert job_seconds(*waited, (4, "ActivitySucceeded", {"activitySucceededEventDetails": {"output": "{}"}})) == 1


def test_nobody_says_how_long_a_function_worked_or_a_job_whose_cause_is_a_sentence() -> None:
    assert job_seconds(ended("TaskSucceeded", Payload={})) is None
    assert job_duration({"type": "TaskFailed"}, {"cause": "Host EC2 was"}, {}) is None
    assert job_duration({"type": "ActivityFailed", "timestamp": datetime.now(UTC) + timedelta(1)}, {}, {}) is None


def test_two_gpus_for_half_an_hour_are_one_gpu_hour() -> None:
    compute = Compute(backend="batch", gpu=2, gpu_type="L4")

    assert cost(1800.0, compute) == {"gpu_hours": 1.0, "dollars": 2.3008}
    assert cost(1800.0, compute.model_copy(update={"backend": "worker"})) == {"gpu_hours": 1.0, "dollars": None}
    assert cost(None, compute) == {"gpu_hours": None, "dollars": None}


def test_an_execution_took_what_is_known_of_its_steps() -> None:
    known, unknown = cost(3600.0, Compute(backend="batch", gpu=1, gpu_type="L4")), cost(None, Compute())

    assert total([known, unknown, known]) == {"gpu_hours": 2.0, "dollars": 1.6096}
    assert total([unknown]) == {"gpu_hours": None, "dollars": None}
