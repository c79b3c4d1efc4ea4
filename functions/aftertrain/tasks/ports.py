"""What tasks need from outside."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from aftertrain.errors import AuthorError, OperatorError
from aftertrain.fleets.oip import HttpCalls, JsonObjects
from aftertrain.fleets.service_fleet import ServiceFleet
from aftertrain.model.event import Event


class TaskError(AuthorError):
    """A step asks for something that cannot be done; the message says what to change."""


class DeploymentFailedError(OperatorError):
    """A roll-out did not end healthy; the message says which replica, why, and what was rolled back."""


@dataclass(frozen=True, slots=True)
class StepCall:
    """Which step of which execution calls, and for which item; together they are the same for every retry.

    `depth`: how many events led to the execution. `token`: what an answer that comes later is sent with. `within`: how
    many seconds the step may take where the machine itself cannot see to it.
    """

    execution: str
    step: str
    time_left: Callable[[], float]
    item: int | None = None
    depth: int = 0
    token: str = ""
    within: int | None = None

    def kept(self) -> dict[str, Any]:
        """What somebody else needs to answer for this call later."""
        return {
            "execution": self.execution,
            "step": self.step,
            "item": self.item,
            "depth": self.depth,
            "token": self.token,
        }


@dataclass(frozen=True, slots=True)
class StoredDeployment:
    """A deployment's record and its revision."""

    record: dict[str, Any]
    revision: int


class Deployments(Protocol):
    """Clusters and what is deployed to them."""

    def clusters(self) -> list[str]:
        """The ids of all registered clusters."""

    def cluster(self, cluster_id: str) -> dict[str, Any] | None:
        """A registered cluster."""

    def get(self, cluster_id: str, name: str) -> StoredDeployment | None:
        """What is known of a deployment."""

    def put(self, cluster_id: str, name: str, record: dict[str, Any], revision: int) -> None:
        """Write over the record at a revision, 0 for none. Raises: ConflictError if it is at another one."""

    def on(self, cluster_id: str) -> list[dict[str, Any]]:
        """The records of all deployments on a cluster."""

    def claim(self, resource: str, cluster_id: str, name: str) -> None:
        """Remember whose a service's resource is."""

    def claimed(self, resource: str) -> tuple[str, str] | None:
        """Cluster and name of the deployment that a resource serves."""

    def health(self, cluster_id: str) -> str:
        """How the cluster was when somebody last looked; "" if nobody has."""

    def note_health(self, cluster_id: str, status: str) -> None:
        """Remember how it is."""


class TaskTokens(Protocol):
    """Steps that wait for the end of what they have begun. Whoever does not wait any more needs no answer."""

    def succeed(self, token: str, output: dict[str, Any]) -> None:
        """The step's output. Raises: BusyError."""

    def fail(self, token: str, error: str, cause: str) -> None:
        """The step's error. Raises: BusyError."""


class Channel(Protocol):
    """A way to reach people."""

    kind: str

    def send(self, message: dict[str, Any]) -> str:
        """Deliver a message; returns the id that the other side gave it. Raises: OperatorError."""


class ApprovalStore(Protocol):
    """Questions that wait for an answer."""

    def put(self, approval_id: str, item: dict[str, Any]) -> None:
        """Keep a question; one that is asked again takes the place of the first."""


@dataclass(frozen=True, slots=True)
class TaskPorts:
    """All of them. `channels` by name; the one named `*` stands in for every name that is not there.

    `emit` records an event and starts what it starts; it returns the executions' ids. `allowed_hosts`: hosts that may
    be called although they are not on the public internet. `secret` makes a new one. `service_fleet`: the fleet that a
    cluster is, for a deployment by its name, where a service rolls out. `alarm`: which of these alarms is on, and why.
    """

    deployments: Deployments
    objects: JsonObjects
    calls: HttpCalls
    channels: dict[str, Channel]
    log: Callable[[str, str, dict[str, Any]], None]
    clock: Callable[[], float]
    sleep: Callable[[float], None]
    emit: Callable[[Event], list[str]]
    approvals: ApprovalStore
    approvals_url: str
    allowed_hosts: frozenset[str]
    secret: Callable[[], str]
    answers: TaskTokens
    service_fleet: Callable[[dict[str, Any], str], ServiceFleet]
    alarm: Callable[[tuple[str, ...]], str | None]
