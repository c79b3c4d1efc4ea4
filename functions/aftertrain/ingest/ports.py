"""What ingest needs from outside: ledger, policy states, starter of executions, redrive queue, buckets, clock."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from aftertrain.errors import BusyError, OperatorError
from aftertrain.ingest.bucket_object import BucketObject
from aftertrain.ingest.event_key import EventKey
from aftertrain.ingest.event_record import EventRecord
from aftertrain.ingest.verdict import Verdict
from aftertrain.model.event import Event
from aftertrain.model.trigger import Trigger

if TYPE_CHECKING:  # ports come before everything that uses them
    from aftertrain.ingest.snapshot import Snapshot


class StartRefusedError(OperatorError):
    """An execution can never start as recorded: its machine is gone, or refuses the input."""


class Ledger(Protocol):
    """The durable memory of events."""

    def record(self, record: EventRecord) -> EventRecord | None:
        """Write the record if its key is new. This write is the acknowledgement.

        Returns: None if it was written; the stored record if the key is known.
        Raises: TooLargeError if the record exceeds an item, BusyError if the outcome of the write is unknown.
        """

    def get(self, key: EventKey) -> EventRecord | None:
        """The record, read consistently."""

    def done(self, key: EventKey, verdicts: Sequence[Verdict]) -> None:
        """Mark a record as done and replace the held verdicts; plain starts are left out.

        Repeating it is harmless.
        """

    def hold(self, key: EventKey, verdicts: Sequence[Verdict], until: float | None) -> None:
        """Keep an unfinished record with its verdicts so far; it is due at `until`, or at its regular time."""

    def due(self, now: float, limit: int) -> list[EventKey]:
        """Unfinished records that are due, the oldest first."""

    def postpone(self, key: EventKey, now: float) -> None:
        """Move an unfinished record's next check: after 1 minute, then 2, 4, … up to an hour."""


@dataclass(frozen=True, slots=True)
class PolicyState:
    """What a policy remembers for one trigger and key; revision 0 means nothing yet."""

    state: dict[str, Any] = field(default_factory=dict)
    revision: int = 0


class PolicyStates(Protocol):
    """Where policies keep their states."""

    def get(self, state_key: str) -> PolicyState:
        """The state, read consistently."""

    def put(self, state_key: str, state: dict[str, Any], revision: int) -> bool:
        """Replace the state at that revision; False if the stored revision is another one.

        Raises: BusyError if the outcome of the write is unknown; asking again is safe.
        """


class Starter(Protocol):
    """Starts and stops executions."""

    def start(self, machine_arn: str, name: str, input_json: str) -> bool:
        """Start an execution of this name; an existing one counts as success.

        Returns: False if it exists and has ended, or runs with another input.
        Raises: BusyError if it may work later, StartRefusedError if it never will.
        """

    def stop(self, machine_arn: str, name: str, why: str) -> None:
        """Stop an execution; one that has ended or never existed counts as success. Raises: BusyError."""

    def running(self, machine_arn: str, name: str) -> bool | None:
        """Whether an execution runs; None if it does not exist. Raises: BusyError."""


class Redrives(Protocol):
    """The queue of records to finish soon."""

    def send(self, key: EventKey, delay: float = 0) -> None:
        """`delay`: seconds, at most 900. Raises BusyError; the sweeper finds the record all the same."""


class Buckets(Protocol):
    """Looks into the bucket that an event is about. Raises: BusyError if the bucket does not answer."""

    def head(self, event: Event) -> BucketObject | None:
        """The event's object as it is now, or None."""

    def weight_files(self, event: Event) -> tuple[str, ...] | None:
        """The file names in the `weight_map` of the index that the event is about; None if it is no index."""

    def objects(self, event: Event, prefix: str) -> tuple[BucketObject, ...]:
        """The objects below a prefix of the event's bucket."""


class IngestPorts(NamedTuple):
    """All of them, from the composition root. The clock returns seconds since 1970.

    `buckets` is None while a sender waits for the answer: policies that look into a bucket are then left to the queue.
    `current` finds an enabled trigger as it is now, for starts that waited; it is None where no start can have waited.
    `snapshot`: all triggers as they are now, for events that waited for code that can read one; None at first delivery.
    """

    ledger: Ledger
    policy_states: PolicyStates
    starter: Starter
    redrives: Redrives
    clock: Callable[[], float]
    buckets: Buckets | None = None
    current: Callable[[str], Trigger | None] | None = None
    snapshot: Callable[[], "Snapshot"] | None = None

    def look(self) -> Buckets:
        """The buckets. Raises: BusyError where they are left to the queue."""
        if self.buckets is None:
            raise BusyError("this needs a look into a bucket: left to the queue")
        return self.buckets
