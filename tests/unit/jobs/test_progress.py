"""The progress of a job."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from aftertrain.jobs.contract import JobError
from aftertrain.jobs.progress import VARIABLE, report, watch_progress


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "progress.json"))
    return tmp_path / "progress.json"


def said(file: Path) -> Any:
    return json.loads(file.read_text())


def test_a_job_says_what_is_done_and_measured(file: Path) -> None:
    report(1 / 3, accuracy=0.91)

    assert said(file) == {"done": 0.3333, "metrics": {"accuracy": 0.91}}


def test_nothing_is_said_where_nobody_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    report(0.5)


def test_every_change_is_told_and_the_last_one_at_the_end(file: Path) -> None:
    heard: list[Any] = []
    with watch_progress(file, lambda path: heard.append(said(path)["done"]), look=0.02):
        report(0.1)
        while not heard:
            time.sleep(0.01)
        time.sleep(0.06)
        report(1.0)

    assert heard == [0.1, 1.0]


@pytest.mark.parametrize("text", ["{", "[]", "x" * 20_000, json.dumps({"x": "y" * 20_000})])
def test_what_is_no_progress_is_not_told(file: Path, text: str) -> None:
    heard: list[Path] = []
    with watch_progress(file, heard.append, look=0.01):
        file.write_text(text)

    assert heard == []


def test_progress_that_cannot_be_told_fails_no_job(file: Path) -> None:
    def tell(_: Path) -> None:
        raise JobError("the bucket is not there")

    with watch_progress(file, tell, look=0.01):
        report(0.5)
