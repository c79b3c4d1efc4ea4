"""Laws of compiled machines, checked by running them: each step once, after what it waits for, whatever goes wrong."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from sfnx import testing
from tests.property.machines import Pipeline, pipelines, run

from aftertrain.compiler.bindings import PLACEHOLDERS
from aftertrain.compiler.compile import compile_pipeline

EXAMPLES = settings(max_examples=120)


def logged(params: dict[str, Any]) -> dict[str, Any]:
    return {"logged": True, "message": params["message"], "level": "info"}


@EXAMPLES
@given(pipelines())
def test_each_step_runs_once_after_the_steps_that_it_waits_for(pipeline: Pipeline) -> None:
    order: list[str] = []

    def answer(step: str, params: dict[str, Any]) -> Any:
        order.append(step)
        return logged(params)

    execution = run(pipeline.definition(), answer)

    assert execution.error is None, execution.cause
    assert sorted(order) == sorted(pipeline.steps)
    for position, step in enumerate(order):
        assert pipeline.ancestors(step) <= set(order[:position])


@EXAMPLES
@given(pipelines())
def test_outputs_arrive_where_they_are_read(pipeline: Pipeline) -> None:
    messages: dict[str, str] = {}

    def answer(step: str, params: dict[str, Any]) -> Any:
        messages[step] = params["message"]
        return logged(params)

    run(pipeline.definition(), answer)

    for step, needs in pipeline.needs.items():
        assert messages[step] == " ".join([step, *(messages[need] for need in sorted(needs))])


@EXAMPLES
@given(pipelines(), st.data())
def test_a_failed_step_stops_what_waits_for_it_and_nothing_else(pipeline: Pipeline, data: st.DataObject) -> None:
    failing = data.draw(st.sets(st.sampled_from(pipeline.steps), min_size=1))
    ran: set[str] = set()

    def answer(step: str, params: dict[str, Any]) -> Any:
        ran.add(step)
        if step in failing:
            raise testing.Failure("Boom", step)
        return logged(params)

    execution = run(pipeline.definition(), answer)

    expected = {step for step in pipeline.steps if not pipeline.ancestors(step) & failing}
    assert ran == expected
    assert execution.error == "StepFailed"
    assert set(json.loads(execution.cause or "")) == failing & expected


@EXAMPLES
@given(pipelines(), st.data())
def test_a_skipped_step_skips_what_waits_for_it_and_nothing_else(pipeline: Pipeline, data: st.DataObject) -> None:
    skipped = data.draw(st.sets(st.sampled_from(pipeline.steps), min_size=1))
    ran: set[str] = set()

    def answer(step: str, params: dict[str, Any]) -> Any:
        ran.add(step)
        return logged(params)

    conditions = dict.fromkeys(skipped, "event.name == 'other'")
    execution = run(pipeline.definition(conditions), answer)

    expected = {step for step in pipeline.steps if not (pipeline.ancestors(step) | {step}) & skipped}
    assert ran == expected
    assert execution.error is None
    statuses = {step: record["status"] for step, record in execution.output.items()}
    assert statuses == {step: "succeeded" if step in expected else "skipped" for step in pipeline.steps}


@EXAMPLES
@given(pipelines(), st.data())
def test_a_condition_without_a_verdict_fails_its_step_alone(pipeline: Pipeline, data: st.DataObject) -> None:
    unclear = data.draw(st.sampled_from(pipeline.steps))
    ran: set[str] = set()

    def answer(step: str, params: dict[str, Any]) -> Any:
        ran.add(step)
        return logged(params)

    execution = run(pipeline.definition({unclear: "event.missing == 1"}), answer)

    assert ran == {step for step in pipeline.steps if unclear not in pipeline.ancestors(step) | {step}}
    assert json.loads(execution.cause or "")[unclear]["error"] == "ConditionFailed"


@EXAMPLES
@given(pipelines())
def test_the_same_definition_gives_the_same_bytes(pipeline: Pipeline) -> None:
    definition = pipeline.definition()

    assert compile_pipeline(definition, PLACEHOLDERS).asl == compile_pipeline(definition, PLACEHOLDERS).asl
