"""Approvals: answered once, delivered before the answer is stored, and shown without secrets."""

from typing import Any

import pytest
from tests.fakes import FakeAnswers, FakeRegistry, FakeRuns

from aftertrain.control import approvals
from aftertrain.control.ports import Change, ExecutionGoneError
from aftertrain.errors import ConflictError, NotFoundError
from aftertrain.model.source import secret_hash

QUESTION = {
    "id": "a1", "execution": "e1", "step": "ask", "title": "Deploy?", "message": "m", "status": "pending",
    "asked_at": "2026-01-01T00:00:00+00:00", "key_hash": secret_hash(b"k"), "token": "t1",
}  # fmt: skip


@pytest.fixture
def registry() -> FakeRegistry:
    found = FakeRegistry()
    found.commit([Change("approval", "a1", QUESTION, 0)])
    return found


def decide(registry: FakeRegistry, answers: FakeAnswers, *, approve: bool = True) -> Any:
    return approvals.decide(
        "a1",
        approve=approve,
        by="me",
        comment="ok",
        now="now",
        registry=registry,
        answers=answers,
        pause=lambda _: None,
    )


def test_a_yes_reaches_the_task_and_is_written_down(registry: FakeRegistry) -> None:
    answers = FakeAnswers({"t1"})
    item = decide(registry, answers)

    expected = {"approved": True, "answered": True, "by": "me", "comment": "ok", "decided_at": "now"}
    assert answers.told == [("t1", expected)]
    assert (item["status"], item["decision"]) == ("approved", expected)
    assert approvals.list_pending(registry, FakeRuns()) == []


def test_what_an_execution_that_is_over_has_asked_waits_for_nobody(registry: FakeRegistry) -> None:
    shown = [
        len(approvals.list_pending(registry, FakeRuns(known={"e1": {"status": status}})))
        for status in ("running", "timed_out", "aborted", "succeeded")
    ]

    assert shown == [1, 0, 0, 0]


def test_a_no_fails_the_task(registry: FakeRegistry) -> None:
    answers = FakeAnswers({"t1"})

    assert decide(registry, answers, approve=False)["status"] == "rejected"
    assert answers.told == [("t1", "rejected by me: ok")]


def test_a_question_is_answered_once(registry: FakeRegistry) -> None:
    answers = FakeAnswers({"t1"})
    decide(registry, answers)

    with pytest.raises(ConflictError, match="already approved"):
        decide(registry, answers, approve=False)
    assert len(answers.told) == 1


def test_an_answer_that_nobody_waits_for_is_said_to_be_late(registry: FakeRegistry) -> None:
    with pytest.raises(ExecutionGoneError):
        decide(registry, FakeAnswers())

    assert approvals.get("a1", registry)["status"] == "expired"


def test_secrets_are_not_shown(registry: FakeRegistry) -> None:
    for item in (
        approvals.get("a1", registry),
        approvals.list_pending(registry, FakeRuns())[0],
        decide(registry, FakeAnswers({"t1"})),
    ):
        assert "token" not in item
        assert "key_hash" not in item


@pytest.mark.parametrize(("approval_id", "key"), [("a1", "wrong"), ("a1", ""), ("nobody", "k")])
def test_a_link_needs_its_key(registry: FakeRegistry, approval_id: str, key: str) -> None:
    with pytest.raises(NotFoundError, match="the link is incomplete"):
        approvals.get_by_key(approval_id, key, registry)


def test_a_link_shows_its_question(registry: FakeRegistry) -> None:
    assert approvals.get_by_key("a1", "k", registry)["title"] == "Deploy?"
