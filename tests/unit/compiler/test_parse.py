"""The mistakes in a definition's shape are reported at once, however many there are."""

from typing import Any

import pytest

from aftertrain.compiler.bindings import PLACEHOLDERS
from aftertrain.compiler.compile import compile_pipeline
from aftertrain.compiler.diagnostics import CompileError

LOG = {"id": "a", "action": "log", "params": {"message": "x"}}


@pytest.mark.parametrize(
    ("policy", "why"),
    [
        ({"assemble": {"patern": "x"}}, "assemble: give one of pattern, index and marker"),
        ({"debounce": {"quiet": 700, "maxwait": 900}}, "debounce: max_wait is less than quiet"),
    ],
)
def test_a_key_that_is_misspelt_may_be_missed_elsewhere(policy: dict[str, Any], why: str) -> None:
    with pytest.raises(CompileError) as caught:
        compile_pipeline({"steps": [LOG], "triggers": [{"event_type": "object.created", **policy}]}, PLACEHOLDERS)

    assert [each.code for each in caught.value.diagnostics] == ["AT102", "AT103"]
    assert caught.value.diagnostics[0].message == why


BRANCH = {"id": "b", "target_step": "a"}
UNCONDITIONAL = ("AT206", "condition: field required")
ONE_TIME = ("AT206", "give one of duration_seconds, duration_hours and until_time")
WAIT = {"duration_seconds": 5, "duration_hours": 1, "timezone": "{{ event.z }}"}


@pytest.mark.parametrize(
    ("action", "params", "said"),
    [
        ("conditional", {"branches": [BRANCH]}, UNCONDITIONAL),
        ("conditional", {"branches": [BRANCH, BRANCH | {"condition": "event.x"}]}, UNCONDITIONAL),
        (
            "conditional",
            {"condition": "event.x", "branches": [BRANCH | {"condition": "event.x"}]},
            ("AT206", "give one of branches and condition"),
        ),
        ("wait_until", WAIT, ONE_TIME),
        ("wait_until", {"timezone": "{{ event.z }}"}, ONE_TIME),
        (
            "wait_until",
            {"duration_seconds": "{# ten #}5"},
            ("AT308", "duration_seconds takes integer or null, but this is string"),
        ),
        ("log", {"message": "x", "level": "{# c #}loud"}, ("AT308", "level is one of debug, info, warning, error")),
        ("job_run", {"command": ["t", 5, "{{ event.uri }}"]}, ("AT308", "command takes string, but this is integer")),
        (
            "set_output",
            {"outputs": {"\ud800": 1}},
            ("AT102", "the key '\\ud800': this is a lone surrogate, which is no character"),
        ),
    ],
)
def test_what_stands_beside_templates_is_looked_at_too(
    action: str, params: dict[str, Any], said: tuple[str, str]
) -> None:
    with pytest.raises(CompileError) as caught:
        compile_pipeline({"steps": [{"id": "s", "action": action, "params": params}, LOG]}, PLACEHOLDERS)

    assert [(each.code, each.message) for each in caught.value.diagnostics] == [said]


@pytest.mark.parametrize(
    "wrong",
    [
        {"settings": {"timeout_seconds": "5"}},
        {"settings": {"timeout_seconds": 5.0}},
        {"settings": {"fail_fast": "yes"}},
        {"settings": {"max_parallel_steps": True}},
        {"steps": [LOG | {"compute": {"gpu": "1"}}]},
        {"triggers": [{"event_type": "object.created", "enabled": 1}]},
        {"triggers": [{"event_type": "object.created", "concurrency": {"limit": "1"}}]},
    ],
)
def test_nothing_is_taken_for_what_it_is_not(wrong: dict[str, Any]) -> None:
    with pytest.raises(CompileError) as caught:
        compile_pipeline({"steps": [LOG], **wrong}, PLACEHOLDERS)

    assert "AT102" in {each.code for each in caught.value.diagnostics}


def test_whole_numbers_and_durations_are_written_as_ever() -> None:
    trigger = {"event_type": "object.created", "rate": {"limit": 1, "per": "2h"}, "debounce": {"quiet": 5}}

    compile_pipeline({"steps": [LOG | {"retry": {"backoff_multiplier": 2}}], "triggers": [trigger]}, PLACEHOLDERS)


def test_clearing_up_may_take_longer_than_the_pipeline() -> None:
    wait = {"id": "w", "action": "wait_until", "params": {"duration_seconds": 1800}}

    compile_pipeline({"settings": {"timeout_seconds": 600}, "steps": [LOG], "on_failure": [wait]}, PLACEHOLDERS)
    with pytest.raises(CompileError, match="the pipeline may take only 600"):
        compile_pipeline({"settings": {"timeout_seconds": 600}, "steps": [LOG, wait]}, PLACEHOLDERS)


@pytest.mark.parametrize(
    "more",
    [{"label": ["a"]}, {"label": {"a": "{{ event.a }}"}}, {"target_step": ["a"]}, {"extra": 1}, {"condition": 1}],
)
def test_a_branch_that_is_none_is_said_to_be_none(more: dict[str, Any]) -> None:
    branches = [{"id": "x", "condition": "event.a", "target_step": "a", **more}]
    route = {"id": "route", "action": "conditional", "params": {"branches": branches}}

    with pytest.raises(CompileError) as caught:
        compile_pipeline({"steps": [route, LOG]}, PLACEHOLDERS)
    assert {each.code for each in caught.value.diagnostics} & {"AT206"}


def test_of_two_computed_times_one_may_be_null() -> None:
    params = {"duration_seconds": "{{ event.seconds }}", "until_time": "{{ event.at }}"}

    assert compile_pipeline({"steps": [{"id": "w", "action": "wait_until", "params": params}]}, PLACEHOLDERS)
