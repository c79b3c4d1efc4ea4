"""What the use cases need from outside: a registry, Step Functions, the ledger's projections, a clock, new secrets."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from aftertrain.compiler.bindings import Bindings
from aftertrain.errors import ConflictError

Item = dict[str, Any]


class StaleError(ConflictError):
    """What a decision was based on has changed since it was read."""


class ExecutionGoneError(ConflictError):
    """Who waited for an answer does not wait any more."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A stored item and its revision, which counts its writes."""

    item: Item
    revision: int


@dataclass(frozen=True, slots=True)
class Change:
    """A write: `item` is what is stored, None deletes. `revision` is what must stand there now; 0 is nothing."""

    kind: str
    id: str
    item: Item | None
    revision: int


class Registry(Protocol):
    """Where sources, pipelines, versions, triggers and clusters are kept."""

    def get(self, kind: str, item_id: str) -> Entry | None:
        """One item, read consistently."""

    def items(self, kind: str) -> list[Item]:
        """All items of a kind, in the order of their ids."""

    def snapshot(self) -> Entry:
        """What the webhook reads: {"sources": […], "triggers": […]}; empty at revision 0 at first."""

    def commit(self, changes: list[Change], snapshot: Entry | None = None) -> None:
        """Write all or nothing; a snapshot is written over the one of the revision that it carries.

        Raises: StaleError if anything is not at the revision that its change expects.
        """


class Machines(Protocol):
    """Step Functions' state machines."""

    def publish(self, pipeline_id: str, asl: str) -> str:
        """Create or update a pipeline's machine; returns the ARN of the new, immutable version."""

    def input(self, execution_arn: str) -> str:
        """The input that an execution was started with."""

    def running(self, execution_arn: str) -> bool:
        """Whether an execution runs now."""

    def stop(self, execution_arn: str, cause: str) -> None:
        """Stop an execution, and the jobs that it waits for."""

    def history(self, execution_arn: str) -> list[dict[str, Any]]:
        """All events of an execution, the oldest first, as GetExecutionHistory names them."""


class Page(NamedTuple):
    """The newest items, and whether there are no more than these; `whole`: whether all could be looked at."""

    items: list[Item]
    complete: bool
    whole: bool = True


class LedgerView(Protocol):
    """The ledger's view on events and executions."""

    def event(self, source_id: str, event_id: str) -> Item | None:
        """An event with its verdicts and executions."""

    def events(self, since: str, until: str, limit: int) -> list[Item]:
        """The newest events between two times (RFC 3339) that fired something."""

    def all_events(self, since: str, until: str, limit: int) -> Page:
        """The newest of all that was received, which is a scan."""

    def execution(self, execution_id: str) -> Item | None:
        """An execution, without its steps."""

    def executions(self, pipeline_id: str | None, status: str | None, until: str, limit: int) -> list[Item]:
        """The newest executions that began until then (RFC 3339), of one pipeline or all, in one status or any."""

    def update(self, execution: Item) -> None:
        """Write what is known of an execution now; a final state is never overwritten by an earlier one."""


class DeadLetters(Protocol):
    """What the queue of unfinished events has given up on."""

    def replay(self, limit: int) -> int:
        """Queue it again, as much as is there and the limit allows; returns how much."""


class ApprovalAnswers(Protocol):
    """Tasks that wait for a person."""

    def approve(self, token: str, output: Item) -> None:
        """Let the task succeed. Raises: GoneError if it waits no more."""

    def reject(self, token: str, cause: str) -> None:
        """Let the task fail. Raises: GoneError if it waits no more."""


@dataclass(frozen=True, slots=True)
class ControlPorts:
    """All of them. The clock gives RFC 3339; `token` a new secret, `suffix` a short random text for ids.

    `progress`: what a job has said below this URI of how far it is, None if nothing.
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
