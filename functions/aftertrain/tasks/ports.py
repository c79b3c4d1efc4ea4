"""What tasks need from outside."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from aftertrain.errors import AuthorError, OperatorError
from aftertrain.fleets.oip import Calls, Objects
from aftertrain.model.event import Event


class TaskError(AuthorError):
    """A step asks for something that cannot be done; the message says what to change."""


class DeploymentFailedError(OperatorError):
    """A roll-out did not end healthy; the message says which replica, why, and what was rolled back."""


@dataclass(frozen=True, slots=True)
class Call:
    """Which step of which execution calls, and for which item; together they are the same for every retry.

    `depth`: how many events led to the execution. `token`: what an answer that comes later is sent with.
    """

    execution: str
    step: str
    time_left: Callable[[], float]
    item: int | None = None
    depth: int = 0
    token: str = ""


@dataclass(frozen=True, slots=True)
class StoredDeployment:
    """A deployment's record and its revision."""

    record: dict[str, Any]
    revision: int


class Deployments(Protocol):
    """Clusters and what is deployed to them."""

    def cluster(self, cluster_id: str) -> dict[str, Any] | None:
        """A registered cluster."""

    def get(self, cluster_id: str, name: str) -> StoredDeployment | None:
        """What is known of a deployment."""

    def put(self, cluster_id: str, name: str, record: dict[str, Any], revision: int) -> None:
        """Write over the record at a revision, 0 for none. Raises: ConflictError if it is at another one."""


class Channel(Protocol):
    """A way to reach people."""

    kind: str

    def send(self, message: dict[str, Any]) -> str:
        """Deliver a message; returns the id that the other side gave it. Raises: OperatorError."""


class Approvals(Protocol):
    """Questions that wait for an answer."""

    def put(self, approval_id: str, item: dict[str, Any]) -> None:
        """Keep a question; one that is asked again takes the place of the first."""


@dataclass(frozen=True, slots=True)
class Ports:
    """All of them. `channels` by name; the one named `*` stands in for every name that is not there.

    `emit` records an event and starts what it starts; it returns the executions' ids. `allowed_hosts`: hosts that may
    be called although they are not on the public internet. `secret` makes a new one.
    """

    deployments: Deployments
    objects: Objects
    calls: Calls
    channels: dict[str, Channel]
    log: Callable[[str, str, dict[str, Any]], None]
    clock: Callable[[], float]
    sleep: Callable[[float], None]
    emit: Callable[[Event], list[str]]
    approvals: Approvals
    approvals_url: str
    allowed_hosts: frozenset[str]
    secret: Callable[[], str]
