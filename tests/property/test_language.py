"""A machine does what its definition means: any graph, any condition, any failure."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from sfnx import testing
from tests.property import language
from tests.property.concurrent import interpreter
from tests.property.examples import examples
from tests.property.language import Drawn, Spec, Steps, drawn

from aftertrain.compiler.bindings import PLACEHOLDERS
from aftertrain.compiler.compile import compile_pipeline
from aftertrain.compiler.diagnostics import CompileError

Run = Callable[[Drawn, dict[str, Any]], tuple[Any, Steps]]


def alone(pipeline: Drawn, machine: dict[str, Any]) -> tuple[Any, Steps]:
    """One thing after the other: enough for pipelines without a latch."""
    steps = Steps(pipeline)

    def task(call: testing.Call) -> Any:
        arguments: Any = call.arguments
        return {"Payload": steps.answer(arguments["Payload"]["step"], arguments["Payload"])}

    return testing.run(machine, language.given(pipeline), tasks=task), steps


def side_by_side(pipeline: Drawn, machine: dict[str, Any], seconds: float = 0.0) -> tuple[Any, Steps]:
    """Branches in threads, and latches in a table. Each attempt of a step takes some seconds."""
    steps = Steps(pipeline, seconds)
    with interpreter(steps.answer) as run:
        return run(machine, language.given(pipeline)), steps


def compiled(pipeline: Drawn, **options: Any) -> dict[str, Any] | None:
    """The machine, or None if the definition is refused because a step can never run."""
    try:
        text = compile_pipeline(language.definition(pipeline, **options), PLACEHOLDERS).asl
    except CompileError as error:
        if {each.code for each in error.diagnostics} != {"AT402"}:
            raise
        return None
    machine: dict[str, Any] = json.loads(text)
    return machine


def has_latch(machine: dict[str, Any]) -> bool:
    return "waitForTaskToken" in json.dumps(machine)


def latched(pipeline: Drawn) -> bool:
    machine = compiled(pipeline)
    return machine is not None and has_latch(machine)


def check(pipeline: Drawn, execution: Any, steps: Steps) -> None:
    """Check that the execution did what the definition means."""
    expected = language.meaning(pipeline)

    assert steps.tries == expected.messages
    failures = expected.failures(pipeline)
    if failures:
        assert execution.error == "StepFailed", execution.cause
        assert set(json.loads(execution.cause)) == failures
    else:
        assert execution.error is None, execution.cause
        if pipeline.told:
            assert execution.output == expected.statuses
    for position, (what, step) in enumerate(steps.log):
        if what == "start":
            running = steps.log[position:]
            for need in pipeline.by_id[step].needs:
                assert ("end", need) not in running


RARE = [HealthCheck.filter_too_much, HealthCheck.too_slow]  # most pipelines have no latches


@settings(max_examples=examples(300), deadline=None)
@given(drawn())
def test_without_latches(pipeline: Drawn) -> None:
    machine = compiled(pipeline)
    if machine is None or has_latch(machine):
        return

    check(pipeline, *alone(pipeline, machine))


@settings(max_examples=examples(20), deadline=None, suppress_health_check=RARE)
@given(drawn().filter(latched))
def test_with_latches(pipeline: Drawn) -> None:
    machine = compiled(pipeline)
    assert machine is not None

    check(pipeline, *side_by_side(pipeline, machine))


@settings(max_examples=examples(400), deadline=None)
@given(drawn(most=14))
def test_every_graph_becomes_a_sound_machine(pipeline: Drawn) -> None:
    """Larger graphs than those that run: crossings inside crossings, and records that travel far."""
    machine = compiled(pipeline)

    assert machine is None or machine["States"]


def test_a_step_may_be_called_as_the_deadline_is() -> None:
    order = (Spec("a", ()), Spec("b", ()), Spec("c", ("a",)), Spec("deadline", ("a", "b")))
    pipeline = Drawn(order, order, told=False)
    failure_graph = {"id": "why", "action": "log", "params": {"message": "{{ failure.error }}"}}
    source = language.definition(pipeline, timeout_seconds=3) | {"on_failure": [failure_graph]}
    machine = json.loads(compile_pipeline(source, PLACEHOLDERS).asl)
    assert has_latch(machine)

    check(pipeline, *side_by_side(pipeline, machine))


def test_a_weave_in_a_weave_has_latches_of_its_own() -> None:
    order = tuple(
        Spec(name, needs)
        for name, needs in (
            ("a", ()), ("b", ()), ("c", ("a",)), ("p", ("a", "b")), ("q", ("a", "b")), ("r", ("p",)), ("t", ("p", "q")),
        )
    )  # fmt: skip
    pipeline = Drawn((order[-1], *order[:-1]), order, told=True)
    machine = compiled(pipeline)
    assert machine is not None

    check(pipeline, *side_by_side(pipeline, machine))


@settings(max_examples=examples(12), deadline=None, suppress_health_check=RARE)
@given(drawn().map(language.without_failures).filter(latched))
def test_what_would_end_at_the_first_failure_and_has_none(pipeline: Drawn) -> None:
    machine = compiled(pipeline, fail_fast=True)
    assert machine is not None

    check(pipeline, *side_by_side(pipeline, machine))


def test_a_latch_waits_for_the_last_try() -> None:
    """c and d cross at b, which succeeds at its second attempt. The output of d must not be seen as final before."""
    order = (
        Spec("a", ()),
        Spec("b", (), fails=1, attempts=2),
        Spec("c", ("a", "b")),
        Spec("d", ("b",), fails=2, attempts=2),
        Spec("e", ("c", "d"), watch=("d", "failed")),
    )
    pipeline = Drawn(order[::-1], order, told=False)
    machine = compiled(pipeline)
    assert machine is not None
    assert has_latch(machine)

    execution, steps = side_by_side(pipeline, machine)

    check(pipeline, execution, steps)
    assert execution.error == "StepFailed"


@pytest.mark.parametrize("limit", [1, 2])
@settings(max_examples=examples(6), deadline=None)
@given(pipeline=drawn(most=6))
def test_no_more_steps_work_at_once_than_may(pipeline: Drawn, limit: int) -> None:
    machine = compiled(pipeline, max_parallel_steps=limit)
    if machine is None:
        return

    execution, steps = side_by_side(pipeline, machine, seconds=0.05)

    check(pipeline, execution, steps)
    assert steps.most <= limit
