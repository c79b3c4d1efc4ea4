"""What ingest needs from outside: a ledger, gates, a starter of executions, a queue for what is unfinished, a clock."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from aftertrain.errors import BusyError, OperatorError
from aftertrain.ingest.bucket_object import BucketObject
from aftertrain.ingest.event_key import EventKey
from aftertrain.ingest.event_record import EventRecord
from aftertrain.ingest.verdict import Verdict
from aftertrain.model.event import Event
from aftertrain.model.trigger import Trigger


class StartRefusedError(OperatorError):
    """An execution can never be started as it is recorded: its machine is gone, or refuses the input."""


class Ledger(Protocol):
    """The durable memory of events."""

    def record(self, record: EventRecord) -> EventRecord | None:
        """Write the record if its key is new. This write is the acknowledgement.

        Returns: None if it was written; the record that stands there already if the key is known.
        Raises: TooLargeError if no item can hold it, BusyError if it is not known whether it was written.
        """

    def get(self, key: EventKey) -> EventRecord | None:
        """The record, read consistently."""

    def done(self, key: EventKey, verdicts: Sequence[Verdict]) -> None:
        """Mark a record as done, with those verdicts that are no plain start, in the place of those that were held.

        Repeating it is harmless.
        """

    def hold(self, key: EventKey, verdicts: Sequence[Verdict], until: float | None) -> None:
        """Keep a record that is not done, with what was decided so far; due at that time, or when it is due anyway."""

    def due(self, now: float, limit: int) -> list[EventKey]:
        """Records that are not done and whose time to be looked at has come, the oldest first."""

    def postpone(self, key: EventKey, now: float) -> None:
        """Look at a record that is not done again later: after 1 minute, then 2, 4, … up to an hour."""


@dataclass(frozen=True, slots=True)
class PolicyState:
    """What a policy remembers for one trigger and key; revision 0 is nothing."""

    state: dict[str, Any] = field(default_factory=dict)
    revision: int = 0


class PolicyStates(Protocol):
    """Where policies remember."""

    def get(self, state_key: str) -> PolicyState:
        """The gate, read consistently."""

    def put(self, state_key: str, state: dict[str, Any], revision: int) -> bool:
        """Write over the gate of that revision; False if it is at another one.

        Raises: BusyError if it is not known whether it was written; asking again is safe.
        """


class Starter(Protocol):
    """Starts executions, and stops them."""

    def start(self, machine_arn: str, name: str, input_json: str) -> bool:
        """Start an execution of this name; one that exists already is a success.

        Returns: False if it exists and is over, or runs with another input.
        Raises: BusyError if it may work later, RefusedError if it never will.
        """

    def stop(self, machine_arn: str, name: str, why: str) -> None:
        """Stop an execution; one that is over or was never there is a success. Raises: BusyError."""

    def running(self, machine_arn: str, name: str) -> bool | None:
        """Whether it runs; None if there is no such execution. Raises: BusyError."""


class Redrives(Protocol):
    """The queue of records that somebody else should finish soon."""

    def send(self, key: EventKey, delay: float = 0) -> None:
        """`delay` in seconds, 900 at most. Raises BusyError; the sweeper finds the record all the same."""


class Buckets(Protocol):
    """Looks into the bucket that an event speaks of. Raises: BusyError where it cannot be asked."""

    def head(self, event: Event) -> BucketObject | None:
        """The event's object as it is now, or None."""

    def weight_files(self, event: Event) -> tuple[str, ...] | None:
        """The names in the `weight_map` of the index that the event is of; None if it is no index."""

    def objects(self, event: Event, prefix: str) -> tuple[BucketObject, ...]:
        """What the bucket of the event holds below a prefix."""


class IngestPorts(NamedTuple):
    """All of them, as the composition root hands them in. The clock tells seconds since 1970.

    `buckets` is None where somebody waits for an answer: what has to look into a bucket is left to the queue there.
    `current` finds a trigger as it is now, if it is enabled, for what has waited; it is None where nothing has.
    """

    ledger: Ledger
    policy_states: PolicyStates
    starter: Starter
    redrives: Redrives
    clock: Callable[[], float]
    buckets: Buckets | None = None
    current: Callable[[str], Trigger | None] | None = None

    def look(self) -> Buckets:
        """The buckets. Raises: BusyError where they are left to the queue."""
        if self.buckets is None:
            raise BusyError("a bucket has to be looked into: left to the queue")
        return self.buckets
