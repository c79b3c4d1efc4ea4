"""A compiled machine does the same as a hand-written one, with no more transitions."""

from typing import Any

import pytest
from sfnx import testing

from aftertrain.asl.verify.verify import verify
from tests.by_hand.machines import NAMES, by_hand, compiled, run, steps_of


def done(execution: testing.Execution) -> tuple[Any, ...]:
    """The calls in their order, and the execution's end."""
    calls: list[Any] = [call.arguments for call in execution.calls]
    return [(call["Payload"]["step"], call["Payload"]["params"]) for call in calls], execution.error


@pytest.mark.parametrize("name", NAMES)
def test_the_machines_by_hand_are_sound(name: str) -> None:
    testing.check(by_hand(name))

    assert verify(by_hand(name)) == []


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("score", [0.95, 0.5])
def test_both_do_the_same_in_as_few_transitions(name: str, score: float) -> None:
    ours, theirs = run(compiled(name), score=score), run(by_hand(name), score=score)

    assert done(ours) == done(theirs)
    assert ours.error is None
    assert len(ours.states) <= len(theirs.states), (ours.states, theirs.states)


@pytest.mark.parametrize("name", NAMES)
def test_both_fail_alike(name: str) -> None:
    for step in steps_of(name):
        ours, theirs = run(compiled(name), failing=step), run(by_hand(name), failing=step)

        assert done(ours) == done(theirs)
        assert ours.error == "StepFailed"
