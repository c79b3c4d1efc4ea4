"""Cases that random pipelines do not draw: time limits, steps after a failure, loops, questions."""

import json
from typing import Any

import pytest
from sfnx import testing
from tests.property.concurrent import interpreter

from aftertrain.compiler.bindings import PLACEHOLDERS
from aftertrain.compiler.compile import compile_pipeline
from aftertrain.compiler.diagnostics import CompileError


def log(step: str, message: str = "m", **fields: Any) -> dict[str, Any]:
    return {"id": step, "action": "log", "params": {"message": message}, **fields}


def machine(**definition: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(compile_pipeline(definition, PLACEHOLDERS).asl)
    return found


class Answers:
    """The answer of each step's task, or an error to raise. It records the calls in order."""

    def __init__(self, **given: Any) -> None:
        self.given = given
        self.asked: list[str] = []
        self.params: list[Any] = []

    def __call__(self, call: testing.Call) -> Any:
        arguments: Any = call.arguments
        if "Payload" not in arguments:
            self.asked.append("child")
            self.params.append(arguments["Input"])
            return {"Output": {"y": 1}, "ExecutionArn": "arn"}
        payload = arguments["Payload"]
        self.asked.append(payload["step"])
        self.params.append(payload["params"])
        answer = self.given.get(payload["step"], payload["params"])
        if isinstance(answer, testing.Failure):
            raise answer
        return answer if "token" in payload else {"Payload": answer}


def run(found: dict[str, Any], answers: Answers, **data: Any) -> testing.Execution:
    return testing.run(found, {"event": {"data": data}, "params": {}, "trigger": {"id": "t"}}, tasks=answers)


BOOM = testing.Failure("Boom", "as asked")
LATE = testing.Failure("States.Timeout", "")


def test_steps_after_a_failure_know_why_and_the_execution_fails_all_the_same() -> None:
    found = machine(steps=[log("a"), log("b")], on_failure=[log("tell", "{{ failure.error }}: {{ failure.cause }}")])
    answers = Answers(a=BOOM)
    execution = run(found, answers)

    assert answers.asked == ["a", "b", "tell"]
    assert execution.error == "StepFailed"
    assert answers.params[-1]["message"].startswith('StepFailed: {"a"')


def test_steps_after_a_failure_do_not_run_if_all_goes_well() -> None:
    answers = Answers()

    assert run(machine(steps=[log("a")], on_failure=[log("tell")]), answers).error is None
    assert answers.asked == ["a"]


def test_steps_after_a_failure_are_left_out_where_nothing_can_fail() -> None:
    found = machine(steps=[log("a", on_failure="continue")], on_failure=[log("tell")])

    assert "tell" not in found["States"]
    assert run(found, Answers(a=BOOM)).error is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        *((text, text) for text in ("100%}", "%}", " %} ", "%}\n")),
        ("{% raw %}{% {% endraw %}", "{% "),
        (" {{ '{%' }} x %}", " {% x %}"),
    ],
)
def test_a_text_may_look_like_code(text: str, told: str) -> None:
    answers = Answers()

    assert run(machine(steps=[log("a", text)]), answers).error is None
    assert answers.params[0]["message"] == told


@pytest.mark.parametrize("name", ["function", "and", "states", "input", "Pipeline", "Deadline", "The", "a-b", "x" * 48])
@pytest.mark.parametrize("settings", [{}, {"timeout_seconds": 9}, {"fail_fast": True}])
def test_a_step_may_have_any_name(name: str, settings: dict[str, Any]) -> None:
    """A compiled machine is verified: no name occurs twice, and no field is read as a keyword."""
    steps = [log(name), log("q"), log("r", f"{{{{ steps['{name}'].output.message }}}}", foreach={"items": [1]})]
    params = [{"name": "function", "default": "x"}]

    assert machine(parameters=params, settings=settings, steps=steps, on_failure=[log("tell", "{{ params.function }}")])


def test_fail_fast_ends_at_the_first_failure_and_tells() -> None:
    steps = [log("a"), log("b", depends_on=["a"]), log("c", depends_on=["a"])]
    found = machine(settings={"fail_fast": True}, steps=steps, on_failure=[log("tell", "{{ failure.cause }}")])
    answers = Answers(a=BOOM)
    execution = run(found, answers)

    assert answers.asked == ["a", "tell"]
    assert (execution.error, "Boom" in (execution.cause or "")) == ("StepFailed", True)


def test_a_step_that_may_fail_does_not_end_a_pipeline_that_fails_fast() -> None:
    steps = [log("a", on_failure="continue"), log("b", depends_on=["a"])]
    answers = Answers(a=BOOM)

    assert run(machine(settings={"fail_fast": True}, steps=steps), answers).error is None
    assert answers.asked == ["a", "b"]


def test_outputs_that_cannot_be_made_are_a_failure_that_is_told() -> None:
    found = machine(
        steps=[log("a")], outputs={"x": "{{ event.nope }}"}, on_failure=[log("tell", "{{ failure.cause }}")]
    )
    answers = Answers()
    execution = run(found, answers)

    assert answers.asked == ["a", "tell"]
    assert "event.nope is not there" in answers.params[-1]["message"]
    assert execution.error == "StepFailed"


def test_outputs_are_the_executions_output() -> None:
    steps = [log("a", "x"), log("b", condition="event.b")]
    found = machine(steps=steps, outputs={"a": "{{ steps.a.output.message }}!", "b": "{{ steps.b.status }}"})

    assert run(found, Answers(), b=False).output == {"a": "x!", "b": "skipped"}


def test_one_item_whose_template_fails_fails_alone() -> None:
    found = machine(steps=[log("each", "{{ item.k }}", foreach={"items": "{{ event.items }}"})])
    answers = Answers()
    execution = run(found, answers, items=[{"k": "1"}, {"j": "2"}, {"k": "3"}])

    assert sorted(each["message"] for each in answers.params) == ["1", "3"]
    assert "1 of 3 items failed" in json.loads(execution.cause or "")["each"]["cause"]


@pytest.mark.parametrize(("items", "why"), [("x", "not a value of type string"), (list(range(101)), "101 items")])
def test_what_is_no_array_or_too_long_fails_the_step(items: Any, why: str) -> None:
    found = machine(steps=[log("each", "m", foreach={"items": "{{ event.items }}"})])

    assert why in json.loads(run(found, Answers(), items=items).cause or "")["each"]["cause"]


@pytest.mark.parametrize("most", [5, 5000])
def test_a_loop_may_run_pipelines(most: int) -> None:
    step = {
        "id": "each",
        "action": "pipeline_run",
        "foreach": {"items": "{{ event.items }}", "max_items": most},
        "params": {"pipeline": "inner", "params": {"x": "{{ item.k }}"}},
    }
    after = [log("after", "{{ steps.each.output | length | string }}")] if most < 1000 else []
    found = machine(steps=[step, *after])
    if most > 1000:
        text = json.dumps(found)
        assert '"event": "{% $states.input.event %}"' in text
        assert found["States"]["each"]["ItemProcessor"]["ProcessorConfig"]["Mode"] == "DISTRIBUTED"
        return
    answers = Answers()

    assert run(found, answers, items=[{"k": [1]}, {"k": {}}]).error is None
    assert [each["params"] for each in answers.params[:2]] == [{"x": [1]}, {"x": {}}]
    assert answers.params[0]["event"] == {"data": {"items": [{"k": [1]}, {"k": {}}]}}


def test_items_may_be_executions_of_their_own() -> None:
    """If an execution cannot hold them, each item becomes an execution, with all values that it reads."""
    step = log("each", "{{ event.name }} {{ item.k }}", foreach={"items": "{{ event.items }}", "max_items": 2000})
    told: list[Any] = []

    def answer(_step: str, payload: dict[str, Any]) -> Any:
        told.append((payload["item"], payload["params"]["message"]))
        return {"logged": True, "message": "m", "level": "info"}

    data = {"name": "n", "items": [{"k": "a"}, {"k": "b"}]}
    with interpreter(answer) as run_beside:
        execution = run_beside(machine(steps=[step]), {"event": {"data": data}, "params": {}, "trigger": {}})

    assert execution.error is None, execution.cause
    assert sorted(told) == [(0, "n a"), (1, "n b")]


def test_every_item_waits() -> None:
    step = {
        "id": "each",
        "action": "wait_until",
        "foreach": {"items": [1, 2]},
        "params": {"duration_seconds": 5},
    }
    waited: list[testing.Wait] = []
    answers = Answers(each={"waited": True, "until": "2026-01-01T00:00:05Z", "seconds": 5})
    given = {"event": {"data": {}}, "params": {}}
    execution = testing.run(machine(steps=[step]), given, tasks=answers, on_wait=waited.append)

    assert (execution.error, len(waited)) == (None, 2)


def ask(**params: Any) -> dict[str, Any]:
    return {"id": "ask", "action": "approval", "params": {"message": "ok?", **params}}


@pytest.mark.parametrize("after", [[], [log("b", "{{ steps.ask.output.answered }}" + "!")]])
@pytest.mark.parametrize("loop", [None, {"items": [1]}])
def test_no_answer_is_a_yes_where_that_is_the_default(after: list[Any], loop: Any) -> None:
    steps = [ask(default="approve") | ({"foreach": loop} if loop else {}), *([] if loop else after)]

    assert run(machine(steps=steps), Answers(ask=LATE)).error is None
    assert run(machine(steps=[ask(), *after]), Answers(ask=LATE)).error == "StepFailed"


def test_a_no_is_not_asked_again() -> None:
    answers = Answers(ask=testing.Failure("ApprovalRejected", "no"))
    found = machine(settings={"retry": {"max_attempts": 3}}, steps=[ask()])

    assert run(found, answers).error == "StepFailed"
    assert answers.asked == ["ask"]


def test_a_conditional_that_failed_chooses_nobody() -> None:
    route = {
        "id": "route",
        "action": "conditional",
        "on_failure": "continue",
        "params": {"branches": [{"id": "x", "condition": "event.x", "target_step": "a"}]},
    }
    answers = Answers(route=BOOM)

    assert run(machine(steps=[route, log("a")]), answers, x=True).error is None
    assert answers.asked == ["route"]


def test_a_branch_is_not_looked_at_behind_one_that_matches() -> None:
    branches = [
        {"id": "small", "condition": "event.kind == 'small'", "target_step": "a"},
        {"id": "large", "condition": "event.size > 5", "target_step": "b"},
    ]
    route = {"id": "route", "action": "conditional", "params": {"branches": branches}}
    told: list[Any] = []

    def answer(call: testing.Call) -> Any:
        payload: Any = call.arguments["Payload"]  # type: ignore[index, call-overload]  # a function is told an object
        told.append(payload["params"])
        chosen = {"target_step": "a"} if payload["step"] == "route" else {"message": "m"}
        return {"Payload": chosen}

    given = {"event": {"data": {"kind": "small"}}, "params": {}}
    ran = testing.run(machine(steps=[route, log("a"), log("b")]), given, tasks=answer)

    assert ran.error is None, ran.cause
    assert [each["condition"] for each in told[0]["branches"]] == [True, False]


def test_branches_cost_no_more_the_more_there_are() -> None:
    def size(count: int) -> int:
        branches = [{"id": f"b{n}", "condition": f"event.score > {n}", "target_step": "a"} for n in range(count)]
        route = {"id": "route", "action": "conditional", "params": {"branches": branches}}
        return len(json.dumps(machine(steps=[route, log("a")])))

    assert size(80) - size(40) <= size(40)


def test_a_time_limit_stops_the_steps_and_is_told() -> None:
    """The deadline's token is never sent, and its second is over long before the step's three."""
    told: list[Any] = []

    def answer(step: str, payload: dict[str, Any]) -> Any:
        import time

        if step == "slow":
            time.sleep(3)
        told.append((step, payload["params"]["message"]))
        return {"logged": True, "message": "m", "level": "info"}

    found = machine(
        settings={"timeout_seconds": 1}, steps=[log("slow")], on_failure=[log("tell", "{{ failure.error }}")]
    )
    with interpreter(answer) as run_beside:
        execution = run_beside(found, {"event": {"data": {}}, "params": {}})

    assert execution.error == "PipelineTimedOut"
    assert ("tell", "PipelineTimedOut") in told


def test_an_end_in_time_calls_the_deadline_off() -> None:
    found = machine(settings={"timeout_seconds": 600}, steps=[log("a")], on_failure=[log("tell")], outputs={"x": 1})
    with interpreter(lambda step, payload: {"logged": True, "message": "m", "level": "info"}) as run_beside:
        execution = run_beside(found, {"event": {"data": {}}, "params": {}})

    assert (execution.error, execution.output) == (None, {"x": 1})


def test_what_one_wants_is_on_every_way_to_where_it_is_wanted() -> None:
    """The verifier checks each variable of each machine. This is the widest mix of their sources."""
    steps = [
        log("a", on_failure="continue"),
        log("b", foreach={"items": [1]}),
        log("c", "{{ steps.a.output.message | default('-') }}", condition="steps.b.status != 'failed'"),
        log("d", "{{ steps.b.output | length | string }}", depends_on=["c"], condition="event.d"),
        log("e", depends_on=["a", "d"]),
        log("f", depends_on=["c"]),
    ]

    assert machine(settings={"max_parallel_steps": 2, "timeout_seconds": 9}, steps=steps, on_failure=[log("r")])


@pytest.mark.parametrize("text", ["{{ 1e400 }}", "{{ '\\ud800' }}"])
def test_what_json_cannot_hold_is_a_diagnostic(text: str) -> None:
    with pytest.raises(CompileError, match=r"not a JSON number|surrogate"):
        machine(steps=[log("a", text)])


@pytest.mark.parametrize(("limit", "counted"), [(1, True), (2, False), (3, False)])
def test_permits_are_counted_only_where_more_steps_could_run(limit: int, counted: bool) -> None:
    found = machine(settings={"max_parallel_steps": limit}, steps=[log("a"), log("b")])

    assert ("Acquire a" in json.dumps(found)) is counted
