"""What tasks need from outside."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from aftertrain.errors import AuthorError, OperatorError
from aftertrain.fleets.oip import HttpCalls, JsonObjects
from aftertrain.fleets.service_fleet import ServiceFleet
from aftertrain.model.event import Event


class TaskError(AuthorError):
    """A step asks for something impossible; the message says what to change."""


class DeploymentFailedError(OperatorError):
    """A roll-out did not end healthy; the message says which replica failed, why, and what was rolled back."""


@dataclass(frozen=True, slots=True)
class StepCall:
    """The calling step: its execution, its name and its item. All of its retries share these.

    `depth`: how many events led to the execution. `token`: for an answer that comes later. `within`: the step's time
    limit in seconds, if the machine cannot enforce it.
    """

    execution: str
    step: str
    time_left: Callable[[], float]
    item: int | None = None
    depth: int = 0
    token: str = ""
    within: int | None = None

    def kept(self) -> dict[str, Any]:
        """The fields that a later answer to this call needs."""
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
    """Clusters and their deployments."""

    def clusters(self) -> list[str]:
        """The ids of all registered clusters."""

    def cluster(self, cluster_id: str) -> dict[str, Any] | None:
        """A registered cluster."""

    def get(self, cluster_id: str, name: str) -> StoredDeployment | None:
        """A deployment's record."""

    def put(self, cluster_id: str, name: str, record: dict[str, Any], revision: int) -> None:
        """Replace the record at a revision, 0 for none. Raises: ConflictError if the stored revision is another one."""

    def on(self, cluster_id: str) -> list[dict[str, Any]]:
        """The records of all deployments of a cluster."""

    def claim(self, resource: str, cluster_id: str, name: str) -> None:
        """Remember which deployment owns a service's resource."""

    def claimed(self, resource: str) -> tuple[str, str] | None:
        """The cluster and name of the deployment that owns a resource."""

    def health(self, cluster_id: str) -> str:
        """The cluster's last known health; "" if it was never checked."""

    def note_health(self, cluster_id: str, status: str) -> None:
        """Store the cluster's health."""


class TaskTokens(Protocol):
    """Answers to steps that wait for the end of a change. A step that does not wait any more needs none."""

    def succeed(self, token: str, output: dict[str, Any]) -> None:
        """Answer with the step's output. Raises: BusyError."""

    def fail(self, token: str, error: str, cause: str) -> None:
        """Answer with the step's error. Raises: BusyError."""


class Channel(Protocol):
    """A way to reach people."""

    kind: str

    def send(self, message: dict[str, Any]) -> str:
        """Deliver a message; returns the receiver's id for it. Raises: OperatorError."""


class ApprovalStore(Protocol):
    """Questions that wait for an answer."""

    def put(self, approval_id: str, item: dict[str, Any]) -> None:
        """Store a question; a repeated one replaces the first."""


@dataclass(frozen=True, slots=True)
class TaskPorts:
    """All of them. `channels`: by name; the channel `*` replaces every unknown name.

    `emit` records an event and starts what it fires; it returns the executions' ids. `allowed_hosts`: hosts that
    http_request may call although they are not public. `secret` makes a new secret. `service_fleet`: the fleet of a
    cluster for a deployment, if a service rolls it out. `alarm`: the first of these alarms that is on, and why.
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
