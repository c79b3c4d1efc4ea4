"""A deployment's record, which follows its roll-out.

It is kept under an id made of execution and step: a retry of the same step goes on where an interrupted try stopped,
and another execution that comes in between is refused instead of mixed in. With the roll-out's state it has the wish
and the call, so that whoever hears of its end can finish it.
"""

from dataclasses import asdict, dataclass
from typing import Any

from aftertrain.model.names import digest
from aftertrain.tasks.deployments.wish import Wish
from aftertrain.tasks.ports import Call, Ports, StoredDeployment, TaskError

ABANDONED_AFTER = 1800.0  # seconds; every roll-out is looked at more often, so whoever was rolling is gone
FINISHED = ("healthy", "rolled_back", "failed", "deleted", "pending")


@dataclass(frozen=True, slots=True)
class Served:
    """A release as it is served, by how many replicas; 0 is all of the cluster."""

    model_uri: str
    version: str
    model_id: str | None = None
    replicas: int = 0


def deployment_id(call: Call) -> str:
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
    found = record["release"] if record["status"] == "healthy" else record["before"]
    return None if found is None else Served(**found)


def is_rolling(record: dict[str, Any]) -> bool:
    """Whether somebody is, or was, in the middle of changing it."""
    return record["status"] not in FINISHED


class Record:
    """The record of the deployment that a step changes.

    `before`: what was served before this step; `rollout`: the roll-out of an earlier try of it, None in its first.
    `last`: what was to be served last, whatever came of it. `interrupts`: the task token of a step whose roll-out this
    one does not wait for.
    """

    def __init__(
        self, wish: Wish, call: Call, ports: Ports, stored: StoredDeployment | None = None, *, insists: bool = False
    ) -> None:
        """`stored`: the record as somebody has just read it, and acts on it. `insists`: whatever else rolls it out.

        Raises: TaskError if another execution is rolling it out.
        """
        self.id = deployment_id(call)
        self._wish, self._call, self._ports = wish, call, ports
        stored = stored or ports.deployments.get(wish.cluster_id, wish.name)
        self._revision = stored.revision if stored else 0
        last = stored.record if stored else None
        ours = last is not None and last["deployment_id"] == self.id
        busy = last is not None and not ours and self._busy(last)
        if last is not None and busy and not insists:
            raise TaskError(f"{wish.name!r} is being rolled out by execution {last['execution']!r}")
        self.interrupts: str | None = last["call"]["token"] if last and busy else None
        self.rollout: dict[str, Any] | None = last["rollout"] if last and ours else None
        self.last = Served(**last["release"]) if last and last["status"] != "deleted" else None
        if last is None:
            self.before: Served | None = None
        elif ours:
            self.before = Served(**last["before"]) if last["before"] else None
        else:
            self.before = current(last)

    def _busy(self, last: dict[str, Any]) -> bool:
        return is_rolling(last) and self._ports.clock() - last["saved_at"] < ABANDONED_AFTER

    def save(self, rollout: Any, release: Served) -> None:
        """Write the roll-out's state down before what follows from it. Raises: ConflictError."""
        status = "deleted" if self._wish.verb == "delete" and rollout.status == "healthy" else rollout.status
        self._put(status, rollout.reason, release, asdict(rollout))

    def hold(self, release: Served) -> None:
        """Keep what is to be deployed later."""
        self._put("pending", "it waits for its cluster", release, None)

    def _put(self, status: str, reason: str, release: Served, rollout: dict[str, Any] | None) -> None:
        record = {
            "id": self._wish.name,
            "deployment_id": self.id,
            "execution": self._call.execution,
            "cluster_id": self._wish.cluster_id,
            "model_uri": release.model_uri,
            "model_id": release.model_id,
            "version": release.version,
            "status": status,
            "reason": reason,
            "saved_at": self._ports.clock(),
            "release": asdict(release),
            "before": asdict(self.before) if self.before else None,
            "rollout": rollout,
            "wish": asdict(self._wish),
            "call": self._call.kept(),
        }
        self._ports.deployments.put(self._wish.cluster_id, self._wish.name, record, self._revision)
        self._revision += 1
