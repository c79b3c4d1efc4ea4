"""What ingest needs from outside: a ledger, a starter of executions, a queue for what is unfinished, a clock."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from aftertrain.errors import OperatorError
from aftertrain.ingest.record import EventKey, Record


class RefusedError(OperatorError):
    """An execution can never be started as it is recorded: its machine is gone, or refuses the input."""


class Ledger(Protocol):
    """The durable memory of events."""

    def record(self, record: Record) -> Record | None:
        """Write the record if its key is new. This write is the acknowledgement.

        Returns: None if it was written; the record that stands there already if the key is known.
        Raises: TooLargeError if no item can hold it, BusyError if it is not known whether it was written.
        """

    def get(self, key: EventKey) -> Record | None:
        """The record, read consistently."""

    def done(self, key: EventKey, refused: list[str]) -> None:
        """Mark a record as done, with the reasons of what was refused for good. Repeating it is harmless."""

    def due(self, now: float, limit: int) -> list[EventKey]:
        """Records that are not done and whose time to be looked at has come, the oldest first."""

    def postpone(self, key: EventKey, now: float) -> None:
        """Look at a record that is not done again later: after 1 minute, then 2, 4, … up to an hour."""


class Starter(Protocol):
    """Starts executions."""

    def start(self, machine_arn: str, name: str, input_json: str) -> None:
        """Start an execution of this name; one that exists already is a success.

        Raises: BusyError if it may work later, RefusedError if it never will.
        """


class Redrives(Protocol):
    """The queue of records that somebody else should finish soon."""

    def send(self, key: EventKey) -> None:
        """Raises BusyError; the sweeper will find the record all the same."""


@dataclass(frozen=True, slots=True)
class Ports:
    """All of them, as the composition root hands them in. The clock tells seconds since 1970."""

    ledger: Ledger
    starter: Starter
    redrives: Redrives
    clock: Callable[[], float]
