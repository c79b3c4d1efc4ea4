"""Steps that run in any case, joins after a branch, and steps that never run."""

import json
from typing import Any

import pytest
from sfnx import testing

from aftertrain.compiler.bindings import PLACEHOLDERS
from aftertrain.compiler.compile import compile_pipeline
from aftertrain.compiler.diagnostics import CompileError

BOOM = testing.Failure("Boom", "as asked")


def log(step: str, message: str = "m", **fields: Any) -> dict[str, Any]:
    return {"id": step, "action": "log", "params": {"message": message}, **fields}


def ran(steps: list[dict[str, Any]], failing: tuple[str, ...] = (), **data: Any) -> dict[str, str]:
    """The messages of the steps that ran, in order."""
    told: dict[str, str] = {}

    def answer(call: testing.Call) -> Any:
        payload: Any = call.arguments
        payload = payload["Payload"]
        if payload["step"] in failing:
            raise BOOM
        told[payload["step"]] = payload["params"]["message"]
        return {"Payload": {"logged": True, "message": payload["params"]["message"], "level": "info"}}

    machine = json.loads(compile_pipeline({"steps": steps}, PLACEHOLDERS).asl)
    testing.run(machine, {"event": {"data": data}, "params": {}, "trigger": {"id": "t"}}, tasks=answer)
    return told


def codes(*steps: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(CompileError) as raised:
        compile_pipeline({"steps": list(steps)}, PLACEHOLDERS)
    return {found.code: f"{found.message} {found.hint}" for found in raised.value.diagnostics}


REPORT = log(
    "tell",
    "{{ steps.check.output.message | default('unknown') }}",
    condition="steps.deploy.status in ['succeeded', 'failed', 'skipped']",
)


@pytest.mark.parametrize(("failing", "message"), [((), "checked"), (("check",), "unknown"), (("deploy",), "checked")])
def test_a_report_with_a_default_is_sent_however_the_others_end(failing: tuple[str, ...], message: str) -> None:
    steps = [log("check", "checked"), log("deploy", "{{ steps.check.output.message }}"), REPORT]

    assert ran(steps, failing)["tell"] == message


BIG = log("big", "big", condition="event.size > 1000")
SMALL = log("small", "small", condition="event.size <= 1000")
JOINS = [
    "{{ steps.big.output.message | default(steps.small.output.message) }}",
    "{{ steps.big.output.message if steps.big.status == 'succeeded' else steps.small.output.message | default('') }}",
    "{% if steps.big.status == 'succeeded' %}{{ steps.big.output.message }}"
    "{% elif steps.small.status == 'succeeded' %}{{ steps.small.output.message }}{% endif %}",
]


@pytest.mark.parametrize("join", JOINS)
@pytest.mark.parametrize(("size", "message"), [(2000, "big"), (5, "small")])
def test_a_join_after_a_branch_runs_with_the_branch_that_ran(join: str, size: int, message: str) -> None:
    assert ran([BIG, SMALL, log("join", join)], size=size)["join"] == message


def test_a_join_of_which_no_branch_succeeded_is_skipped() -> None:
    steps = [BIG, SMALL, log("join", JOINS[0])]

    assert "join" not in ran(steps, ("big",), size=2000)


@pytest.mark.parametrize(("size", "message"), [(2000, "big"), (5, "small")])
def test_a_join_after_a_conditional_runs(size: int, message: str) -> None:
    branches = [
        {"id": "b", "condition": "event.size > 1000", "target_step": "big"},
        {"id": "s", "condition": "event.size <= 1000", "target_step": "small"},
    ]
    choose = {"id": "choose", "action": "conditional", "params": {"branches": branches}}
    compile_pipeline({"steps": [choose, log("big"), log("small"), log("join", JOINS[0])]}, PLACEHOLDERS)
    assert ran([BIG, SMALL, log("join", JOINS[0])], size=size)["join"] == message


@pytest.mark.parametrize(
    "steps",
    [
        [BIG, SMALL, log("join", "m", depends_on=["big", "small"])],
        [BIG, log("other", condition="1000 >= event.size"), log("join", depends_on=["big", "other"])],
        [log("a", condition="event.kind == 'x'"), log("b", condition="event.kind == 'y'", depends_on=["a"])],
        [log("a", condition="event.go"), log("b", condition="not event.go", depends_on=["a"])],
        [log("a"), log("b", condition="steps.a.status == 'failed' and steps.a.status == 'skipped'")],
        [
            {"id": "ask", "action": "approval", "params": {"message": "ok?"}},
            log("no", condition="not steps.ask.output.approved"),
        ],
        [
            {"id": "ask", "action": "approval", "params": {"message": "ok?"}},
            log("no", condition="steps.ask.output.approved == false"),
        ],
    ],
)
def test_a_step_that_can_never_run_is_a_mistake(steps: list[dict[str, Any]]) -> None:
    assert "AT402" in codes(*steps)


@pytest.mark.parametrize(
    "steps",
    [
        [BIG, log("other", condition="event.size >= 1000"), log("join", depends_on=["big", "other"])],
        [log("a", condition="event.size > 1"), log("b", condition="event.other <= 1", depends_on=["a"])],
        [log("a", condition="event.kind == 'x'", on_failure="continue"), log("b", condition="event.kind != 'y'")],
        [log("a"), log("b", condition="steps.a.status == 'failed' or steps.a.status == 'skipped'")],
    ],
)
def test_a_step_that_may_run_is_none(steps: list[dict[str, Any]]) -> None:
    compile_pipeline({"steps": steps}, PLACEHOLDERS)


def test_a_default_that_is_never_used_is_a_mistake() -> None:
    reads = log("tell", "{{ steps.a.output.message | default('x') }}", depends_on=["a"])

    assert "is never used: 'tell' needs 'a' to succeed" in codes(log("a"), reads)["AT309"]


@pytest.mark.parametrize(
    ("condition", "code"),
    [
        (None, "AT311"),
        ("steps.a.status in ['succeeded', 'failed']", "AT311"),
        ("steps.a.status == 'succeeded'", "AT309"),
    ],
)
def test_an_error_where_a_step_may_have_succeeded_is_a_mistake(condition: str | None, code: str) -> None:
    more = {} if condition is None else {"condition": condition}

    assert code in codes(log("a"), log("tell", "{{ steps.a.error }}", **more))


@pytest.mark.parametrize("message", ["{{ steps.a.error | default('none') }}", "{{ steps.a.cause | default('') }}"])
@pytest.mark.parametrize("failing", [(), ("a",)])
def test_an_error_with_a_default_is_read_either_way(message: str, failing: tuple[str, ...]) -> None:
    assert "tell" in ran([log("a"), log("tell", message)], failing)


def test_the_hint_of_a_missing_output_can_be_followed() -> None:
    evaluate = {"id": "ev", "action": "model_evaluate", "on_failure": "continue"}
    evaluate["params"] = {"model_uri": "s3://m/x", "dataset_uri": "s3://d/h"}

    found = codes(evaluate, log("b", condition="steps.ev.output.accuracy >= 0.9"))["AT311"]
    mixed = codes(evaluate, log("b", condition="steps.ev.output.accuracy | default('…') >= 0.9"))["AT309"]

    assert "default(0)" in found
    assert ">= compares two numbers or two texts" in mixed
    compile_pipeline(
        {"steps": [evaluate, log("b", condition="steps.ev.output.accuracy | default(0) >= 0.9")]}, PLACEHOLDERS
    )


@pytest.mark.parametrize("failing", [1, 2, 3])
def test_failed_items_keep_the_first_ones_error_and_cause(failing: int) -> None:
    each = {"id": "b", "action": "log", "foreach": {"items": [1, 2, 3]}, "params": {"message": "{{ item | string }}"}}
    machine = json.loads(compile_pipeline({"steps": [each]}, PLACEHOLDERS).asl)

    def answer(call: testing.Call) -> Any:
        payload: Any = call.arguments
        if int(payload["Payload"]["params"]["message"]) <= failing:
            raise testing.Failure("Oom", "mem")
        return {"Payload": {"logged": True, "message": "m", "level": "info"}}

    execution = testing.run(machine, {"event": {"data": {}}, "params": {}, "trigger": {"id": "t"}}, tasks=answer)

    assert f'"error":"Oom","cause":"{failing} of 3 items failed; the first: mem"' in str(execution.cause)
