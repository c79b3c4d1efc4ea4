"""The operations of a fleet whose service rolls out by itself: a SageMaker endpoint, an ECS service."""

from dataclasses import dataclass
from typing import Literal, Protocol

from aftertrain.fleets.fleet import Release
from aftertrain.fleets.rollout import Terms

State = Literal["missing", "moving", "settled", "broken"]


@dataclass(frozen=True, slots=True)
class ServiceState:
    """The service's state; a service that is being deleted is `missing`.

    `target`: what it serves, or moves to. `size`: how many replicas serve. `desired`: how many should.
    """

    state: State
    target: str | None = None
    size: int = 0
    desired: int = 0
    reason: str = ""


class ServiceFleet(Protocol):
    """One deployment on a service. A target is a configuration that the service keeps and can move to.

    Every call may raise OperatorError, or BusyError if the same call may work later.
    """

    @property
    def resource(self) -> str:
        """The name under which the service reports its changes."""

    @property
    def interruptible(self) -> bool:
        """Whether it accepts a change during another one; if not, it bounds the duration of a change itself."""

    @property
    def urls(self) -> list[str]:
        """The URLs for predictions."""

    def look(self) -> ServiceState:
        """The current state."""

    def prepare(self, release: Release, size: int | None) -> str:
        """Create a target for a release; without a size, the number of replicas stays."""

    def shift(self, target: str, size: int | None, terms: Terms) -> None:
        """Make the service roll the target out, and back if one of the alarms goes off."""

    def go_back(self, target: str, size: int, terms: Terms) -> None:
        """Make the service roll out its previous target again, with at least as many replicas as then."""

    def resize(self, size: int) -> None:
        """Change the number of replicas."""

    def remove(self) -> None:
        """Stop serving."""

    def probe(self, release: Release) -> None:
        """Check a prediction. Raises: ReplicaError if it fails or is not finite."""

    def tidy(self, kept: frozenset[str]) -> None:
        """Delete all targets that are neither served nor in `kept`."""
