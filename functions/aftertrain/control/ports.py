"""What the use cases need from outside: registry, Step Functions, ledger, clock, new secrets."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from aftertrain.compiler.bindings import Bindings
from aftertrain.errors import ConflictError

Item = dict[str, Any]


class StaleError(ConflictError):
    """A decision was based on data that has changed since it was read."""


class ExecutionGoneError(ConflictError):
    """The task that waited for an answer does not wait any more."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A stored item and its revision, which counts its writes."""

    item: Item
    revision: int


@dataclass(frozen=True, slots=True)
class Change:
    """A write. `item`: the new content; None deletes. `revision`: the expected stored revision; 0 means no item."""

    kind: str
    id: str
    item: Item | None
    revision: int


class Registry(Protocol):
    """Where sources, pipelines, versions, triggers and clusters are kept."""

    def get(self, kind: str, item_id: str) -> Entry | None:
        """One item, read consistently."""

    def items(self, kind: str) -> list[Item]:
        """All items of a kind, ordered by id."""

    def snapshot(self) -> Entry:
        """The snapshot that the webhook reads, {"sources": […], "triggers": […]}; at first empty, at revision 0."""

    def commit(self, changes: list[Change], snapshot: Entry | None = None) -> None:
        """Write all changes or none; a snapshot replaces the one at the revision that it carries.

        Raises: StaleError if a stored revision is not the expected one.
        """


class Machines(Protocol):
    """The state machines in Step Functions."""

    def publish(self, pipeline_id: str, asl: str) -> str:
        """Create or update a pipeline's machine; returns the ARN of the new, immutable version."""

    def input(self, execution_arn: str) -> str:
        """The input of an execution."""

    def running(self, execution_arn: str) -> bool:
        """Whether an execution runs now."""

    def stop(self, execution_arn: str, cause: str) -> None:
        """Stop an execution and the jobs that it waits for."""

    def history(self, execution_arn: str) -> list[dict[str, Any]]:
        """All events of an execution, the oldest first, in the form of GetExecutionHistory."""


class Page(NamedTuple):
    """The newest items; `complete`: no older ones match; `whole`: all stored items could be read."""

    items: list[Item]
    complete: bool
    whole: bool = True


class LedgerView(Protocol):
    """Read access to the ledger's events and executions."""

    def event(self, source_id: str, event_id: str) -> Item | None:
        """An event with its verdicts and executions."""

    def events(self, since: str, until: str, limit: int) -> list[Item]:
        """The newest events between two times (RFC 3339) that fired a trigger."""

    def all_events(self, since: str, until: str, limit: int) -> Page:
        """The newest of all received events; this scans the table."""

    def execution(self, execution_id: str) -> Item | None:
        """An execution, without its steps."""

    def executions(self, pipeline_id: str | None, status: str | None, until: str, limit: int) -> list[Item]:
        """The newest executions that began until then (RFC 3339), optionally of one pipeline and one status."""

    def update(self, execution: Item) -> None:
        """Store an execution's state; an earlier state never overwrites a final one."""


class DeadLetters(Protocol):
    """Events that the queue has given up on."""

    def replay(self, limit: int) -> int:
        """Queue up to `limit` of them again; returns their number."""


class ApprovalAnswers(Protocol):
    """Tasks that wait for a person."""

    def approve(self, token: str, output: Item) -> None:
        """Let the task succeed. Raises: ExecutionGoneError if it does not wait any more."""

    def reject(self, token: str, cause: str) -> None:
        """Let the task fail. Raises: ExecutionGoneError if it does not wait any more."""


@dataclass(frozen=True, slots=True)
class ControlPorts:
    """All of them. The clock returns RFC 3339 text; `token` a new secret, `suffix` a short random text for ids.

    `pause` waits before another attempt, given the number of attempts before it. `progress`: the progress that a job
    wrote below this URI, None if it wrote none.
    """

    registry: Registry
    machines: Machines
    runs: LedgerView
    answers: ApprovalAnswers
    dead_letters: DeadLetters
    progress: Callable[[str], Item | None]
    bindings: Bindings
    clock: Callable[[], str]
    token: Callable[[], str]
    suffix: Callable[[], str]
    webhook_url: str
    pause: Callable[[int], None]
