"""The largest input and output of an execution is computed, and stays within the limits of AWS."""

import json
import re
from typing import Any

import pytest
from sfnx import testing
from tests.unit.compiler.test_lower import Answers, log, machine, run

from aftertrain.asl.measure import max_events
from aftertrain.compiler.bindings import PLACEHOLDERS
from aftertrain.compiler.compile import compile_pipeline
from aftertrain.compiler.diagnostics import CompileError

MOST = 262_144
BIG = {"status": 200, "body": "x" * 100_000, "headers": {}}


def fetch(step: str, **fields: Any) -> dict[str, Any]:
    return {"id": step, "action": "http_request", "params": {"url": "https://example.com"}, **fields}


def mistakes(**definition: Any) -> list[tuple[str, tuple[str | int, ...]]]:
    with pytest.raises(CompileError) as caught:
        compile_pipeline(definition, PLACEHOLDERS)
    return [(each.code, each.where) for each in caught.value.diagnostics]


def test_an_output_that_everybody_has_read_goes_no_further() -> None:
    steps: list[dict[str, Any]] = []
    for number in range(3):
        before = [f"b{number - 1}"] if number else []
        steps.append(fetch(f"h{number}", on_failure="continue", depends_on=before))
        steps.append(log(f"b{number}", f"{{{{ steps.h{number}.output.body | default('-') }}}}"))
    answers = Answers(h0=BIG, h1=BIG, h2=BIG, b0={}, b1={}, b2={})
    execution = run(machine(steps=steps), answers)

    assert [len(params["message"]) for params in answers.params if "message" in params] == [100_000] * 3
    assert execution.error is None
    assert len(json.dumps(execution.output)) < MOST


def test_the_failures_of_all_steps_fit_together() -> None:
    """No step could report it if they did not."""
    failure = testing.Failure("Boom", "w" * 5000)
    names = [f"s{number}" for number in range(200)]
    found = machine(steps=[log(name) for name in names], on_failure=[log("tell", "{{ failure.error }}")])
    answers = Answers(**dict.fromkeys(names, failure))
    execution = run(found, answers)
    kept = re.search(r"Cause, 0, (\d+)\)", json.dumps(found))

    assert kept is not None
    assert 2 * 200 * int(kept[1]) < MOST
    assert (execution.error, answers.asked[-1]) == ("StepFailed", "tell")


def test_what_steps_after_a_failure_hand_on_is_counted_too() -> None:
    read = " ".join(f"{{{{ steps.h{number}.output.body }}}}" for number in range(3))
    failure_graph = [*(fetch(f"h{number}") for number in range(3)), log("all", read)]

    assert ("AT503", ("on_failure", 2)) in mistakes(steps=[log("a")], on_failure=failure_graph)


def test_a_latch_holds_half_of_what_a_state_does() -> None:
    """Quotation marks take two characters there."""
    many = {"id": "a", "action": "set_output", "params": {"outputs": {"x": "y"}}, "foreach": {"items": [1] * 8}}
    steps = [
        many,
        log("b"),
        log("c", depends_on=["a"]),
        log("d", "{{ steps.a.output | tojson }}", depends_on=["b"]),
        log("e", depends_on=["b"]),
    ]

    assert mistakes(steps=steps) == [("AT503", ("steps", 0))]


@pytest.mark.parametrize("days", [30, 180])
def test_what_branches_meet_at_is_there_as_long_as_anybody_can_ask_for_it(days: int) -> None:
    steps = [log("a"), log("b"), log("c", depends_on=["a"]), log("d", depends_on=["a", "b"])]
    found = machine(steps=steps, settings={"timeout_seconds": days * 86_400})
    kept = re.findall(r"1000\) \+ (\d+)\)", json.dumps(found))

    assert {int(seconds) for seconds in kept} == {(2 * days + 15) * 86_400}


def test_any_number_of_steps_may_be_waited_for_at_a_latch() -> None:
    """A condition of DynamoDB has at most 300 operators."""
    starts = [log(f"s{number}") for number in range(20)]
    others = [log(f"t{number}", depends_on=[f"s{number}"]) for number in range(20)]
    found = machine(steps=[*starts, *others, log("d", depends_on=[step["id"] for step in starts])])

    (condition,) = set(re.findall(r'"ConditionExpression": "(.*?)"', json.dumps(found)))
    assert condition == "attribute_not_exists(done) OR size(done) < :n"


@pytest.mark.parametrize("limit", [None, 604_800])
def test_retries_are_counted_whatever_time_a_try_may_take(limit: int | None) -> None:
    """A step that is refused at once can have ten attempts in a minute."""
    loop = log("a", foreach={"items": [1] * 100}, retry={"max_attempts": 10, "backoff_seconds": 1})
    compiled = compile_pipeline({"steps": [loop | ({"timeout_seconds": limit} if limit else {})]}, PLACEHOLDERS)

    assert max_events(compiled.machine) == 3610


@pytest.mark.parametrize(("retry", "tries"), [(None, 2), ({"max_attempts": 10}, 9), ({"max_attempts": 2}, 2)])
@pytest.mark.parametrize("on", [[], ["States.HeartbeatTimeout"]])
def test_a_lost_worker_is_followed_by_as_many_as_the_author_says(
    retry: dict[str, Any] | None, tries: int, on: list[str]
) -> None:
    job = {"id": "j", "action": "job_run", "params": {"command": ["true"]}}
    found = machine(steps=[job | ({"retry": {**retry, "on": on}} if retry else {})])
    first = found["States"]["j"]["Retry"][0]

    assert (first["ErrorEquals"], first["MaxAttempts"]) == (["States.HeartbeatTimeout"], tries)


@pytest.mark.parametrize(("limit", "told"), [({}, None), ({"timeout_seconds": 60}, 60)])
def test_a_wait_is_told_how_long_its_step_may_take(limit: dict[str, int], told: int | None) -> None:
    """A Wait state has no time limit of its own."""
    wait = {"id": "w", "action": "wait_until", "params": {"duration_seconds": "{{ event.n }}"}}
    found = machine(steps=[wait | limit])

    assert found["States"]["w"]["Arguments"]["Payload"].get("within_seconds") == told
