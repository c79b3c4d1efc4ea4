"""A deployment's record, which follows its roll-out.

Its id is made of execution and step: a retry of the same step resumes an interrupted roll-out, and a different
execution is refused meanwhile. Besides the roll-out's state, the record holds the request and the call, so whoever
learns of the end can finish it.
"""

from dataclasses import asdict, dataclass
from typing import Any

from aftertrain.model.names import digest
from aftertrain.tasks.deployments.deployment_request import DeploymentRequest
from aftertrain.tasks.ports import StepCall, StoredDeployment, TaskError, TaskPorts

ABANDONED_AFTER = 1800.0  # seconds; every roll-out is saved more often, so an older one is abandoned
REMEMBERED = 20  # interrupted roll-outs, which retries of their steps must not start anew
OVER = ("healthy", "rolled_back", "failed", "deleted")


@dataclass(frozen=True, slots=True)
class Served:
    """A served release and the number of its replicas; 0 means the whole cluster."""

    model_uri: str
    version: str
    model_id: str | None = None
    replicas: int = 0


def deployment_id(call: StepCall) -> str:
    """The id of a step's roll-out, one per item; all retries share it."""
    item = () if call.item is None else (str(call.item),)
    return digest(call.execution, call.step, *item)[:16]


def version_of(model_uri: str) -> str:
    """What tells one release from the next."""
    return digest(model_uri)[:12]


def current(record: dict[str, Any]) -> Served | None:
    """What serves once the recorded roll-out is over; None if nothing does."""
    if record["status"] == "deleted":
        return None
    served = record["release"] if record["status"] == "healthy" else record["before"]
    return None if served is None else Served(**served)


def is_rolling(record: dict[str, Any]) -> bool:
    """Whether a roll-out is running, or was interrupted."""
    held = record["status"] == "pending" and record["rollout"] is None
    return not held and record["status"] not in OVER


def _overtaken_record(last: dict[str, Any] | None, *, ours: bool) -> dict[str, Any] | None:
    if last is None or ours:
        return last and last.get("overtaken")
    return last if is_rolling(last) else None


class DeploymentRecord:
    """The record of the deployment that a step changes.

    `before`: what was served before this step. `rollout`: the roll-out of an earlier attempt; None in the first.
    `last`: what was last requested to be served, whatever came of it. `overtaken`: the record of another step's
    unfinished roll-out that this one interrupted.
    """

    def __init__(
        self,
        request: DeploymentRequest,
        call: StepCall,
        ports: TaskPorts,
        stored: StoredDeployment | None = None,
        *,
        preempts: bool = False,
    ) -> None:
        """`stored`: the record, if the caller has just read it. `preempts`: interrupt another step's roll-out.

        Raises: TaskError if another execution is rolling it out, or has interrupted this roll-out.
        """
        self.id = deployment_id(call)
        self._request, self._call, self._ports = request, call, ports
        stored = stored or ports.deployments.get(request.cluster_id, request.name)
        self._revision = stored.revision if stored else 0
        last = stored.record if stored else None
        ours = last is not None and last["deployment_id"] == self.id
        if last is not None and not ours:
            self._refuse(last, preempts=preempts)
        self.overtaken = _overtaken_record(last, ours=ours)
        interrupted = [] if ours or self.overtaken is None else [self.overtaken["deployment_id"]]
        self._interrupted = [*(last or {}).get("interrupted", []), *interrupted]
        self.rollout: dict[str, Any] | None = last["rollout"] if last and ours else None
        self.last = Served(**last["release"]) if last and (ours or last["status"] != "deleted") else None
        if last is None:
            self.before: Served | None = None
        elif ours:
            self.before = Served(**last["before"]) if last["before"] else None
        else:
            self.before = current(last)

    def _refuse(self, last: dict[str, Any], *, preempts: bool) -> None:
        name, abandoned = self._request.name, self._ports.clock() - last["saved_at"] >= ABANDONED_AFTER
        if is_rolling(last) and not preempts and not abandoned:
            raise TaskError(f"{name!r} is being rolled out by execution {last['execution']!r}")
        if self.id in last.get("interrupted", ()):
            raise TaskError(f"{name!r}: this roll-out was interrupted: start its pipeline again if you still want it")

    def save(self, rollout: Any, release: Served) -> None:
        """Store the roll-out's state before acting on it. Raises: ConflictError."""
        status = "deleted" if self._request.verb == "delete" and rollout.status == "healthy" else rollout.status
        self._put(status, rollout.reason, release, asdict(rollout))

    def hold(self, release: Served) -> None:
        """Store a model to deploy later."""
        self._put("pending", "it waits for its cluster", release, None)

    def withdraw(self) -> None:
        """The interruption was refused: restore the interrupted roll-out's record. Raises: ConflictError."""
        assert self.overtaken is not None
        self._ports.deployments.put(self._request.cluster_id, self._request.name, self.overtaken, self._revision)

    def _put(self, status: str, reason: str, release: Served, rollout: dict[str, Any] | None) -> None:
        record = {
            "id": self._request.name,
            "deployment_id": self.id,
            "execution": self._call.execution,
            "cluster_id": self._request.cluster_id,
            "model_uri": release.model_uri,
            "model_id": release.model_id,
            "version": release.version,
            "status": status,
            "reason": reason,
            "saved_at": self._ports.clock(),
            "release": asdict(release),
            "before": asdict(self.before) if self.before else None,
            "rollout": rollout,
            "wish": asdict(self._request),
            "call": self._call.kept(),
            "overtaken": self.overtaken,
            "interrupted": self._interrupted[-REMEMBERED:],
        }
        self._ports.deployments.put(self._request.cluster_id, self._request.name, record, self._revision)
        self._revision += 1
