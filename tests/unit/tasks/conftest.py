"""Stages on which something is served, or stuck."""

import pytest
from tests.unit.tasks.stage import A, B, Stage


@pytest.fixture
def serving() -> Stage:
    """A stage on which A is served."""
    stage = Stage()
    stage.step("create", "e1", model_uri=A)
    stage.told()
    stage.answers.clear()
    stage.events.clear()
    return stage


@pytest.fixture
def stuck(serving: Stage) -> Stage:
    """B is on its way, on a service that does not end it by itself."""
    serving.service.interruptible = True
    serving.step("update", "e2", "t2", model_uri=B)
    return serving
