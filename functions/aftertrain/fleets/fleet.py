"""What every fleet of replicas can do, and the error with which one of its replicas fails."""

from dataclasses import dataclass
from typing import Any, Protocol

from aftertrain.errors import OperatorError


class ReplicaError(OperatorError):
    """A replica did not do what it was told, or does not serve as it should."""


@dataclass(frozen=True, slots=True)
class Release:
    """What is rolled out.

    `name` is the model's name on the replicas, `version` tells one release of it from the next, `uri` is the artefact.
    `probe` is an inference request that a replica must answer; None asks for one made from the model's own inputs.
    """

    name: str
    version: str
    uri: str
    probe: dict[str, Any] | None = None
    ready_timeout: float = 300.0

    @property
    def seconds_per_move(self) -> float:
        """The longest that one replica can take: to get ready, and for the calls around that."""
        return self.ready_timeout + 120.0

    def assignment(self) -> dict[str, Any]:
        """What a replica is told to serve."""
        return {"name": self.name, "version": self.version, "uri": self.uri}


class Fleet(Protocol):
    """The replicas of one cluster, which load what they are told to."""

    @property
    def replicas(self) -> tuple[str, ...]:
        """Their addresses, in the order in which they are updated."""

    def serving(self, replica: str, name: str) -> dict[str, Any] | None:
        """What a replica is told to serve under a name; None if nothing."""

    def serves(self, replica: str, name: str) -> bool:
        """Whether a replica answers under a name now."""

    def update(self, replica: str, release: Release) -> None:
        """Load a release, wait until it is ready, have it answer the probe. Raises: ReplicaError."""

    def restore(self, replica: str, release: Release, previous: dict[str, Any] | None) -> None:
        """Go back to what was served before. Raises: ReplicaError."""

    def ready(self, replica: str, timeout: float) -> str | None:
        """None if a replica is up, or what is wrong with it."""
