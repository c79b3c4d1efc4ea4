"""Our own events -> the ledger and executions, by the path of all events."""

from collections.abc import Callable

from aftertrain.errors import BusyError
from aftertrain.ingest.ports import IngestPorts
from aftertrain.ingest.receive import accept
from aftertrain.ingest.snapshot import Snapshot
from aftertrain.model.authority import PIPELINES
from aftertrain.model.event import Event
from aftertrain.model.source import Source


class Emitter:
    """Port `emit` of tasks."""

    def __init__(self, ports: IngestPorts, snapshot: Callable[[], Snapshot]) -> None:
        self._ports, self._snapshot = ports, snapshot

    def __call__(self, event: Event) -> list[str]:
        return self.take(event, PIPELINES)

    def take(self, event: Event, source: Source) -> list[str]:
        """Record an event of a trusted source, and start what it fires; returns the ids of the executions.

        Raises: SenderError if it cannot be recorded as it is, BusyError if it may not have been recorded.
        """
        outcomes, refused = accept([event], source, self._snapshot(), self._ports, self._ports.clock())
        if refused:
            raise refused[0]
        if not outcomes:
            raise BusyError("the event may not have been recorded")
        return outcomes[0][0].executions
