"""Histories as Step Functions writes them -> steps."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from aftertrain.control.history import steps

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def history(*events: tuple[int, str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Events with ids and times 1, 2, 3 …; each is (previous id, type, details)."""
    return [
        {
            "id": number,
            "previousEventId": previous,
            "type": kind,
            "timestamp": BEGIN + timedelta(seconds=number),
            **more,
        }
        for number, (previous, kind, more) in enumerate(events, 1)
    ]


def entered(name: str) -> dict[str, Any]:
    return {"stateEnteredEventDetails": {"name": name, "input": "{}"}}


def summary(events: list[dict[str, Any]], *, running: bool) -> list[tuple[Any, ...]]:
    found = steps(["a", "b", "c"], events, running=running)
    return [(each["id"], each["status"], each["seconds"], each["attempts"], each["output"]) for each in found]


PARALLEL = history(
    (0, "ExecutionStarted", {}),
    (1, "ParallelStateEntered", entered("a & b")),
    (2, "ParallelStateStarted", {}),
    (3, "TaskStateEntered", entered("a")),
    (3, "TaskStateEntered", entered("b")),
    (4, "TaskScheduled", {}),
    (5, "ActivityScheduled", {}),
    (6, "TaskSucceeded", {"taskSucceededEventDetails": {"output": '{"Payload": {"x": 1}}'}}),
    (7, "ActivityFailed", {"activityFailedEventDetails": {"error": "JobError", "cause": "bad"}}),
    (8, "TaskStateExited", {"stateExitedEventDetails": {"name": "a"}}),
    (9, "ActivityScheduled", {}),
    (11, "ActivitySucceeded", {"activitySucceededEventDetails": {"output": '{"y": 2}'}}),
)


def test_events_of_branches_that_interleave_are_told_apart() -> None:
    assert summary(PARALLEL, running=True) == [
        ("a", "succeeded", 6.0, 1, {"x": 1}),
        ("b", "running", None, 2, None),
        ("c", "pending", None, 0, None),
    ]


def test_what_was_not_reached_when_the_execution_ended_was_skipped() -> None:
    assert [each[1] for each in summary(PARALLEL, running=False)] == ["succeeded", "aborted", "skipped"]


@pytest.mark.parametrize(
    "kind", ["TaskFailed", "TaskTimedOut", "TaskStartFailed", "ActivityTimedOut", "LambdaFunctionFailed"]
)
def test_a_step_that_failed_says_why(kind: str) -> None:
    name = f"{kind[0].lower()}{kind[1:]}EventDetails"
    events = history(
        (0, "TaskStateEntered", entered("a")),
        (1, "TaskScheduled", {}),
        (2, kind, {name: {"error": "Boom", "cause": "why"}}),
        (3, "TaskStateExited", {"stateExitedEventDetails": {"name": "a"}}),
    )
    found = steps(["a"], events, running=False)[0]

    assert (found["status"], found["error"], found["cause"], found["output"]) == ("failed", "Boom", "why", None)


def test_a_step_whose_params_could_not_be_made_failed() -> None:
    events = history(
        (0, "TaskStateEntered", entered("a")),
        (
            1,
            "EvaluationFailed",
            {"evaluationFailedEventDetails": {"error": "States.QueryEvaluationError", "cause": "x"}},
        ),
        (2, "TaskStateExited", {"stateExitedEventDetails": {"name": "a"}}),
    )

    assert steps(["a"], events, running=False)[0]["error"] == "States.QueryEvaluationError"


UNDECIDED_RECORD = '{"status": "failed", "error": "ConditionFailed", "cause": "b: event.size is not there"}'


@pytest.mark.parametrize(
    "guard",
    [
        [
            (1, "ChoiceStateEntered", entered("If b")),
            (
                2,
                "ChoiceStateExited",
                {"stateExitedEventDetails": {"name": "If b", "assignedVariables": {"is_b": UNDECIDED_RECORD}}},
            ),
        ],
        [
            (1, "PassStateEntered", entered("Cannot decide b")),
            (
                2,
                "PassStateExited",
                {"stateExitedEventDetails": {"name": "Cannot decide b", "output": f'{{"b": {UNDECIDED_RECORD}}}'}},
            ),
        ],
    ],
)
def test_a_condition_that_failed_gives_its_reason(guard: list[tuple[int, str, dict[str, Any]]]) -> None:
    found = {
        each["id"]: each for each in steps(["a", "b"], history((0, "ExecutionStarted", {}), *guard), running=False)
    }

    assert (found["b"]["status"], found["b"]["attempts"]) == ("failed", 0)
    assert (found["b"]["error"], found["b"]["cause"]) == ("ConditionFailed", "b: event.size is not there")
    assert found["a"]["status"] == "skipped"


def test_a_condition_that_was_false_is_no_failure() -> None:
    exited = {"stateExitedEventDetails": {"name": "If b", "assignedVariables": {"is_b": '{"status": "skipped"}'}}}
    events = history(
        (0, "ExecutionStarted", {}), (1, "ChoiceStateEntered", entered("If b")), (2, "ChoiceStateExited", exited)
    )

    assert [each["status"] for each in steps(["b"], events, running=False)] == ["skipped"]
