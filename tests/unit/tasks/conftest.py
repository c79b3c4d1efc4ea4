"""Stages with a served release, or with a stuck roll-out."""

import pytest
from tests.unit.tasks.stage import A, B, Stage


@pytest.fixture
def serving() -> Stage:
    """A stage that serves A."""
    stage = Stage()
    stage.step("create", "e1", model_uri=A)
    stage.told()
    stage.answers.clear()
    stage.events.clear()
    return stage


@pytest.fixture
def stuck(serving: Stage) -> Stage:
    """B is being rolled out, on a service that never ends the roll-out by itself."""
    serving.service.interruptible = True
    serving.step("update", "e2", "t2", model_uri=B)
    return serving
