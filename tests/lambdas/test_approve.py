"""The page behind an approval's link."""

from typing import Any

import pytest
from tests.fakes import FakeAnswers, FakeRegistry

from aftertrain.control.ports import Change
from aftertrain.lambdas import approve
from aftertrain.lambdas.runtime import approve as runtime
from aftertrain.model.source import secret_hash


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> FakeAnswers:
    registry, found = FakeRegistry(), FakeAnswers({"t1"})
    question = {"id": "a1", "title": "Deploy <it>?", "message": "<script>", "status": "pending", "token": "t1"}
    registry.commit([Change("approval", "a1", question | {"key_hash": secret_hash(b"k")}, 0)])
    monkeypatch.setattr(runtime, "registry", lambda: registry)
    monkeypatch.setattr(runtime, "answers", lambda: found)
    return found


def ask(method: str, key: str = "k", body: str = "") -> dict[str, Any]:
    event = {
        "pathParameters": {"approval": "a1"},
        "queryStringParameters": {"key": key},
        "requestContext": {"http": {"method": method}},
        "body": body,
    }
    return approve.handler(event, None)


def test_looking_changes_nothing(answers: FakeAnswers) -> None:
    page = ask("GET")

    assert (page["statusCode"], answers.told) == (200, [])
    assert "Deploy &lt;it&gt;?" in page["body"]
    assert "<script>" not in page["body"]
    assert "default-src 'none'" in page["headers"]["content-security-policy"]


def test_the_button_answers(answers: FakeAnswers) -> None:
    page = ask("POST", body="decision=approve&by=me&comment=fine")

    assert (page["statusCode"], answers.told[0][1]["approved"]) == (200, True)
    assert "approved" in page["body"]
    assert ask("POST", body="decision=reject&by=you")["statusCode"] == 409


def test_a_no_is_said(answers: FakeAnswers) -> None:
    ask("POST", body="decision=reject&by=me")

    assert answers.told == [("t1", "rejected by me: ")]


@pytest.mark.parametrize("body", ["", "decision=perhaps", "by=me"])
def test_what_is_no_answer_decides_nothing(answers: FakeAnswers, body: str) -> None:
    assert ask("POST", body=body)["statusCode"] == 422
    assert answers.told == []


def test_without_the_key_there_is_nothing(answers: FakeAnswers) -> None:
    assert ask("GET", key="x")["statusCode"] == 404
    assert ask("POST", key="", body="decision=approve")["statusCode"] == 404
    assert answers.told == []
