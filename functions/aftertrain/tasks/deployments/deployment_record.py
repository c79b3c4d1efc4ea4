"""A deployment's record, which follows its roll-out.

It is kept under an id made of execution and step: a retry of the same step goes on where an interrupted try stopped,
and another execution that comes in between is refused instead of mixed in. With the roll-out's state it has the wish
and the call, so that whoever hears of its end can finish it.
"""

from dataclasses import asdict, dataclass
from typing import Any

from aftertrain.model.names import digest
from aftertrain.tasks.deployments.deployment_request import DeploymentRequest
from aftertrain.tasks.ports import StepCall, StoredDeployment, TaskError, TaskPorts

ABANDONED_AFTER = 1800.0  # seconds; every roll-out is looked at more often, so whoever was rolling is gone
REMEMBERED = 20  # roll-outs that were interrupted: a retry of their steps must not begin them anew
OVER = ("healthy", "rolled_back", "failed", "deleted")


@dataclass(frozen=True, slots=True)
class Served:
    """A release as it is served, by how many replicas; 0 is all of the cluster."""

    model_uri: str
    version: str
    model_id: str | None = None
    replicas: int = 0


def deployment_id(call: StepCall) -> str:
    """The id of the roll-out that a step makes, for each item: the same for every retry of it."""
    item = () if call.item is None else (str(call.item),)
    return digest(call.execution, call.step, *item)[:16]


def version_of(model_uri: str) -> str:
    """What tells one release from the next."""
    return digest(model_uri)[:12]


def current(record: dict[str, Any]) -> Served | None:
    """What is served once the roll-out on record is over; None if nothing is."""
    if record["status"] == "deleted":
        return None
    served = record["release"] if record["status"] == "healthy" else record["before"]
    return None if served is None else Served(**served)


def is_rolling(record: dict[str, Any]) -> bool:
    """Whether somebody is, or was, in the middle of changing it."""
    held = record["status"] == "pending" and record["rollout"] is None
    return not held and record["status"] not in OVER


def _overtaken_record(last: dict[str, Any] | None, *, ours: bool) -> dict[str, Any] | None:
    if last is None or ours:
        return last and last.get("overtaken")
    return last if is_rolling(last) else None


class DeploymentRecord:
    """The record of the deployment that a step changes.

    `before`: what was served before this step; `rollout`: the roll-out of an earlier try of it, None in its first.
    `last`: what was to be served last, whatever came of it. `overtaken`: the record of a roll-out of another step that
    was not over when this one began.
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
        """`stored`: the record as somebody has just read it, and acts on it. `preempts`: it overtakes who rolls it out.

        Raises: TaskError if another execution is rolling it out, or has overtaken this roll-out.
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
            raise TaskError(f"{name!r}: this roll-out was interrupted: start its pipeline anew if it is still wanted")

    def save(self, rollout: Any, release: Served) -> None:
        """Write the roll-out's state down before what follows from it. Raises: ConflictError."""
        status = "deleted" if self._request.verb == "delete" and rollout.status == "healthy" else rollout.status
        self._put(status, rollout.reason, release, asdict(rollout))

    def hold(self, release: Served) -> None:
        """Keep what is to be deployed later."""
        self._put("pending", "it waits for its cluster", release, None)

    def withdraw(self) -> None:
        """The overtaking came to nothing: what was overtaken goes on as if nobody had tried. Raises: ConflictError."""
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
