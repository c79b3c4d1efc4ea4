"""One fake per port of control, tasks and fleets; `ingest_fakes` has those of ingest.

ports = control_ports()
ports.machines.published        # {"hello": ["{…}"]}
"""

from dataclasses import dataclass, field, replace
from typing import Any

from aftertrain.compiler.bindings import PLACEHOLDERS
from aftertrain.control import ports as control
from aftertrain.control.require import schema_of
from aftertrain.errors import ConflictError, OperatorError
from aftertrain.fleets.fleet import Release, ReplicaError
from aftertrain.fleets.rollout import Terms
from aftertrain.fleets.service_fleet import ServiceState, State
from aftertrain.tasks import ports as tasks
from aftertrain.tasks.ports import StoredDeployment
from tests.ingest_fakes import FakeClock


@dataclass
class FakeRegistry:
    """Items by kind and id, with the real registry's checks of revisions."""

    entries: dict[tuple[str, str], control.Entry] = field(default_factory=dict)
    current: control.Entry = field(default_factory=lambda: control.Entry({"sources": [], "triggers": []}, 0))
    stale: int = 0

    def get(self, kind: str, item_id: str) -> control.Entry | None:
        return self.entries.get((kind, item_id))

    def items(self, kind: str) -> list[control.Item]:
        return [entry.item for (other, _), entry in sorted(self.entries.items()) if other == kind]

    def snapshot(self) -> control.Entry:
        return self.current

    def commit(self, changes: list[control.Change], snapshot: control.Entry | None = None) -> None:
        if self.stale:
            self.stale -= 1
            raise control.StaleError("somebody else was faster")
        for change in changes:
            standing = self.entries.get((change.kind, change.id))
            if (standing.revision if standing else 0) != change.revision:
                raise control.StaleError("somebody else was faster")
        if snapshot is not None and snapshot.revision != self.current.revision:
            raise control.StaleError("somebody else was faster")
        for change in changes:
            if change.item is None:
                del self.entries[(change.kind, change.id)]
            else:
                self.entries[(change.kind, change.id)] = control.Entry(change.item, change.revision + 1)
        if snapshot is not None:
            self.current = control.Entry(snapshot.item, snapshot.revision + 1)


@dataclass
class FakeMachines:
    """Remembers every published definition. A version's ARN ends with its number, as in AWS."""

    published: dict[str, list[str]] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    inputs: dict[str, str] = field(default_factory=dict)
    stopped: list[tuple[str, str]] = field(default_factory=list)
    again: set[str] = field(default_factory=set)

    def publish(self, pipeline_id: str, asl: str) -> str:
        self.published.setdefault(pipeline_id, []).append(asl)
        return f"arn:aws:states:us-east-1:1:stateMachine:{pipeline_id}:{len(self.published[pipeline_id])}"

    def input(self, execution_arn: str) -> str:
        return self.inputs[execution_arn]

    def running(self, execution_arn: str) -> bool:
        return execution_arn in self.again

    def stop(self, execution_arn: str, cause: str) -> None:
        self.stopped.append((execution_arn, cause))

    def history(self, execution_arn: str) -> list[dict[str, Any]]:
        return self.events


@dataclass
class FakeDeadLetters:
    """Counts the dead letters."""

    held: int = 0

    def replay(self, limit: int) -> int:
        moved = min(self.held, limit)
        self.held -= moved
        return moved


@dataclass
class FakeRuns:
    """Events and executions as dicts."""

    known_events: dict[tuple[str, str], control.Item] = field(default_factory=dict)
    known: dict[str, control.Item] = field(default_factory=dict)

    def event(self, source_id: str, event_id: str) -> control.Item | None:
        return self.known_events.get((source_id, event_id))

    def events(self, since: str, until: str, limit: int) -> list[control.Item]:
        return [item for item in self.known_events.values() if item["executions"]][:limit]

    def all_events(self, since: str, until: str, limit: int) -> control.Page:
        found = list(self.known_events.values())
        return control.Page(found[:limit], len(found) <= limit)

    def execution(self, execution_id: str) -> control.Item | None:
        return self.known.get(execution_id)

    def executions(self, pipeline_id: str | None, status: str | None, until: str, limit: int) -> list[control.Item]:
        found = (item for item in self.known.values() if pipeline_id in (None, item["pipeline_id"]))
        return [item for item in found if status in (None, item["status"]) and item["started_at"] <= until][:limit]

    def update(self, execution: control.Item) -> None:
        self.known[execution["id"]] = execution


@dataclass
class FakeAnswers:
    """Waiting tasks by token. A task with another token no longer waits."""

    waiting: set[str] = field(default_factory=set)
    told: list[tuple[str, Any]] = field(default_factory=list)

    def approve(self, token: str, output: control.Item) -> None:
        self._tell(token, output)

    def reject(self, token: str, cause: str) -> None:
        self._tell(token, cause)

    def _tell(self, token: str, answer: Any) -> None:
        if token not in self.waiting:
            raise control.ExecutionGoneError("the step has stopped waiting for this answer")
        self.waiting.remove(token)
        self.told.append((token, answer))


def control_ports(registry: FakeRegistry | None = None, runs: FakeRuns | None = None) -> control.ControlPorts:
    """Ports of control. Ids end in 1, 2, 3 …, and the clock stands still."""
    numbers, known = iter(range(1, 1000)), registry or FakeRegistry()
    return control.ControlPorts(
        registry=known,
        machines=FakeMachines(),
        runs=runs or FakeRuns(),
        answers=FakeAnswers(),
        dead_letters=FakeDeadLetters(),
        progress={}.get,
        bindings=replace(PLACEHOLDERS, schema_of=lambda event_type: schema_of(known, event_type)),
        clock=lambda: "2026-01-01T00:00:00.000+00:00",
        token=lambda: "s3cret",
        suffix=lambda: str(next(numbers)),
        webhook_url="https://hooks.example/events",
        pause=lambda _attempt: None,
    )


@dataclass
class FakeFleet:
    """Replicas that obey, except those in `broken`, which fail at the named move."""

    replicas: tuple[str, ...] = ("a", "b", "c")
    told: dict[str, dict[str, Any] | None] = field(default_factory=dict)
    broken: set[tuple[str, str]] = field(default_factory=set)
    moves: list[tuple[str, str]] = field(default_factory=list)

    def serving(self, replica: str, name: str) -> dict[str, Any] | None:
        return self.told.get(replica)

    def serves(self, replica: str, name: str) -> bool:
        return self.told.get(replica) is not None and ("serves", replica) not in self.broken

    def update(self, replica: str, release: Release) -> None:
        self._move("update", replica)
        self.told[replica] = release.assignment()
        if ("update", replica) in self.broken:
            raise ReplicaError(f"{replica} is broken")

    def restore(self, replica: str, release: Release, previous: dict[str, Any] | None) -> None:
        self._move("restore", replica)
        if ("restore", replica) in self.broken:
            raise ReplicaError(f"{replica} stays broken")
        self.told[replica] = previous

    def ready(self, replica: str, timeout: float) -> str | None:
        return f"{replica} is broken" if ("ready", replica) in self.broken else None

    def _move(self, move: str, replica: str) -> None:
        self.moves.append((move, replica))


@dataclass
class FakeObjects:
    """JSON objects by URI."""

    objects: dict[str, dict[str, Any]] = field(default_factory=dict)

    def read(self, uri: str) -> dict[str, Any] | None:
        return self.objects.get(uri)

    def write(self, uri: str, value: dict[str, Any]) -> None:
        self.objects[uri] = value

    def delete(self, uri: str) -> None:
        self.objects.pop(uri, None)


@dataclass
class FakeDeployments:
    """Clusters and deployment records, with checked revisions."""

    known: dict[str, dict[str, Any]] = field(default_factory=dict)
    stored: dict[tuple[str, str], StoredDeployment] = field(default_factory=dict)
    resources: dict[str, tuple[str, str]] = field(default_factory=dict)
    known_health: dict[str, str] = field(default_factory=dict)

    def cluster(self, cluster_id: str) -> dict[str, Any] | None:
        return self.known.get(cluster_id)

    def clusters(self) -> list[str]:
        return sorted(self.known)

    def get(self, cluster_id: str, name: str) -> StoredDeployment | None:
        return self.stored.get((cluster_id, name))

    def put(self, cluster_id: str, name: str, record: dict[str, Any], revision: int) -> None:
        standing = self.stored.get((cluster_id, name))
        if (standing.revision if standing else 0) != revision:
            raise ConflictError("somebody else was faster")
        self.stored[(cluster_id, name)] = StoredDeployment(record, revision + 1)

    def on(self, cluster_id: str) -> list[dict[str, Any]]:
        return [stored.record for (other, _), stored in sorted(self.stored.items()) if other == cluster_id]

    def claim(self, resource: str, cluster_id: str, name: str) -> None:
        self.resources[resource] = (cluster_id, name)

    def claimed(self, resource: str) -> tuple[str, str] | None:
        return self.resources.get(resource)

    def health(self, cluster_id: str) -> str:
        return self.known_health.get(cluster_id, "")

    def note_health(self, cluster_id: str, status: str) -> None:
        self.known_health[cluster_id] = status


@dataclass
class FakeTaskAnswers:
    """The answers to waiting steps, by token."""

    told: list[tuple[str, Any]] = field(default_factory=list)

    def succeed(self, token: str, output: dict[str, Any]) -> None:
        self.told.append((token, output))

    def fail(self, token: str, error: str, cause: str) -> None:
        self.told.append((token, (error, cause)))


@dataclass
class FakeService:
    """A service that rolls out on request. `arrive` ends the roll-out, at the target or at the previous release."""

    resource: str = "endpoint-digits"
    state: State = "missing"
    target: str | None = None
    came_from: str | None = None
    size: int = 0
    desired: int = 0
    reason: str = ""
    refuses: dict[str, OperatorError] = field(default_factory=dict)
    made: list[str] = field(default_factory=list)
    interruptible: bool = False

    @property
    def urls(self) -> list[str]:
        return [f"https://runtime/{self.resource}"]

    def look(self) -> ServiceState:
        self._call("look")
        return ServiceState(self.state, self.target, self.size, self.desired, self.reason)

    def prepare(self, release: Release, size: int | None) -> str:
        self._call("prepare")
        return f"{release.name}-{release.version}"

    def shift(self, target: str, size: int | None, terms: Terms) -> None:
        self._call(f"shift {target}")
        self.came_from = self.target
        self.state, self.target, self.desired = "moving", target, size or self.desired or 1

    def go_back(self, target: str, size: int, terms: Terms) -> None:
        self._call(f"back {target} {size}")
        self.came_from, self.state, self.target, self.desired = self.target, "moving", target, size

    def resize(self, size: int) -> None:
        self._call(f"resize {size}")
        self.state, self.desired, self.came_from = "moving", size, self.target

    def remove(self) -> None:
        self._call("remove")
        self.state, self.target, self.size, self.desired = "missing", None, 0, 0

    def tidy(self, kept: frozenset[str]) -> None:
        self._call(f"tidy {' '.join(sorted(kept))}".strip())

    def probe(self, release: Release) -> None:
        self._call("probe")

    def arrive(self, *, at_target: bool = True) -> None:
        if at_target:
            self.state, self.size = "settled", self.desired
        else:
            self.state, self.target = ("settled" if self.came_from else "broken"), self.came_from or self.target

    def _call(self, what: str) -> None:
        self.made.append(what)
        if what.split()[0] in self.refuses:
            raise self.refuses[what.split()[0]]


@dataclass
class FakeChannel:
    """Keeps the messages that it is sent."""

    kind: str = "fake"
    sent: list[dict[str, Any]] = field(default_factory=list)

    def send(self, message: dict[str, Any]) -> str:
        self.sent.append(message)
        return f"message-{len(self.sent)}"


class FakeCalls:
    """An inference server's answers by method and path. Exceptions are raised, and lists are used up one by one."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self.answers = answers
        self.made: list[str] = []

    def call(self, method: str, url: str, body: Any = None, *, timeout: float) -> Any:
        path = f"{method} {url}"
        self.made.append(path)
        answer = next((value for ending, value in self.answers.items() if path.endswith(ending)), {})
        if isinstance(answer, list):
            answer = answer.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@dataclass
class FakeApprovals:
    """Questions by id."""

    asked: dict[str, dict[str, Any]] = field(default_factory=dict)

    def put(self, approval_id: str, item: dict[str, Any]) -> None:
        self.asked[approval_id] = item


def tasks_ports(**given: Any) -> tasks.TaskPorts:
    """Ports of tasks, with a fake for each missing one. Sleeping moves the clock."""
    clock = FakeClock()

    def sleep(seconds: float) -> None:
        clock.now += seconds

    defaults: dict[str, Any] = {
        "deployments": FakeDeployments(),
        "objects": FakeObjects(),
        "calls": FakeCalls({}),
        "channels": {},
        "log": lambda level, message, details: None,
        "clock": clock,
        "sleep": sleep,
        "emit": lambda event: [],
        "approvals": FakeApprovals(),
        "approvals_url": "https://api.example/approvals",
        "allowed_hosts": frozenset(),
        "secret": lambda: "s3cret",
        "answers": FakeTaskAnswers(),
        "service_fleet": lambda cluster, name: FakeService(),
        "alarm": lambda names: None,
    }
    return tasks.TaskPorts(**defaults | given)
