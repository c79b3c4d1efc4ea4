"""The local stage, brought up once for all end-to-end tests, with the checkpoint landed and everything registered."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from aftertrain.client.models import EventSource
from aftertrain.local.processes import Processes
from aftertrain.local.scenario import LandedCheckpoint, LocalStage, bring_up, land_checkpoint, register


@dataclass(frozen=True)
class Stage:
    """The stage, the landed checkpoint and its source."""

    local: LocalStage
    landed: LandedCheckpoint
    source: EventSource

    @property
    def token(self) -> str:
        """The source's secret."""
        assert self.source.secret is not None
        return self.source.secret


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The running stage; every process ends with the tests."""
    with Processes(tmp_path_factory.mktemp("stage")) as processes:
        local = bring_up(processes, lambda _: None)
        yield Stage(local, land_checkpoint(local), register(local))
