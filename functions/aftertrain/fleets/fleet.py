"""The operations of every fleet of replicas, and the error of a failing replica."""

from dataclasses import dataclass
from typing import Any, Protocol

from aftertrain.errors import OperatorError


class ReplicaError(OperatorError):
    """A replica did not follow an order, or does not serve correctly."""


@dataclass(frozen=True, slots=True)
class Release:
    """A release to roll out.

    `name`: the model's name on the replicas. `version`: tells releases apart. `uri`: the artefact. `probe`: an
    inference request that a replica must answer; None builds one from the model's inputs.
    """

    name: str
    version: str
    uri: str
    probe: dict[str, Any] | None = None
    ready_timeout: float = 300.0

    @property
    def seconds_per_move(self) -> float:
        """The longest time for one replica: getting ready, plus the calls around it."""
        return self.ready_timeout + 120.0

    def assignment(self) -> dict[str, Any]:
        """The assignment that tells a replica what to serve."""
        return {"name": self.name, "version": self.version, "uri": self.uri}


class Fleet(Protocol):
    """The replicas of one cluster, which load what they are assigned."""

    @property
    def replicas(self) -> tuple[str, ...]:
        """Their addresses, in the order of updates."""

    def serving(self, replica: str, name: str) -> dict[str, Any] | None:
        """The assignment of a replica for a model name; None if it has none."""

    def serves(self, replica: str, name: str) -> bool:
        """Whether a replica answers for a model name now."""

    def update(self, replica: str, release: Release) -> None:
        """Load a release, wait until it is ready, and check its answer to the probe. Raises: ReplicaError."""

    def restore(self, replica: str, release: Release, previous: dict[str, Any] | None) -> None:
        """Restore the previous assignment. Raises: ReplicaError."""

    def ready(self, replica: str, timeout: float) -> str | None:
        """None if a replica is up; otherwise what is wrong with it."""
