"""What every fleet can do whose service rolls a release out by itself: a SageMaker endpoint, a service of ECS."""

from dataclasses import dataclass
from typing import Literal, Protocol

from aftertrain.fleets.fleet import Release
from aftertrain.fleets.rollout import Terms

State = Literal["missing", "moving", "settled", "broken"]


@dataclass(frozen=True, slots=True)
class ServiceState:
    """How the service stands; what is being deleted is `missing`.

    `target`: what it serves, or is on its way to; `size`: how many serve, `wanted`: how many are to.
    """

    state: State
    target: str | None = None
    size: int = 0
    desired: int = 0
    reason: str = ""


class ServiceFleet(Protocol):
    """One deployment on a service. A target is what the service can be shifted to: a configuration that it keeps.

    Every call may raise OperatorError, and BusyError where the same call may go through later.
    """

    @property
    def resource(self) -> str:
        """The name under which the service tells of its changes."""

    @property
    def interruptible(self) -> bool:
        """Whether it takes a change while another one is on its way; if not, it bounds by itself how long one takes."""

    @property
    def urls(self) -> list[str]:
        """Where predictions are asked for."""

    def look(self) -> ServiceState:
        """How it stands now."""

    def prepare(self, release: Release, size: int | None) -> str:
        """Make a target of a release, of as many replicas as there are if no size is given."""

    def shift(self, target: str, size: int | None, terms: Terms) -> None:
        """Have the service roll the target out, and back if one of the alarms goes off."""

    def go_back(self, target: str, size: int, terms: Terms) -> None:
        """Have the service roll out again what it served before, by no fewer replicas than then."""

    def resize(self, size: int) -> None:
        """Serve with as many replicas."""

    def remove(self) -> None:
        """Serve nothing any more."""

    def probe(self, release: Release) -> None:
        """A prediction. Raises: ReplicaError if there is none, or one that is no number."""

    def tidy(self, kept: frozenset[str]) -> None:
        """Forget all targets that it does not serve and that are not to be kept."""
