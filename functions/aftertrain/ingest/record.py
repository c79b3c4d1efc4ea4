"""Event + verdicts -> the ledger's record: what was received, and what is to be started for it.

    Record(key=EventKey("tigris-models", "4f1c…"), event=…, starts=(Start(name="trig-1-0d9c…", …),), done=False)

Everything that a start needs is decided here, once: whoever drives the record later, now or after a crash, starts the
same version under the same name with the same bytes.
"""

from dataclasses import dataclass
from typing import Any

from aftertrain.ingest.match import Verdict
from aftertrain.ingest.snapshot import Watch
from aftertrain.model.event import Event
from aftertrain.model.names import canonical_json, execution_name
from aftertrain.model.source import Source
from aftertrain.model.trigger import PipelineVersion


@dataclass(frozen=True, slots=True)
class EventKey:
    """What makes two deliveries the same event."""

    source_id: str
    event_id: str


@dataclass(frozen=True, slots=True)
class Start:
    """One execution to be started: its name never changes, and the trigger's params are those of the first delivery."""

    name: str
    trigger_id: str
    pipeline: PipelineVersion
    params: dict[str, Any]

    def input(self, event: Event) -> str:
        """The execution's input: the same bytes for the same record, always."""
        return canonical_json(
            {
                "event": event.envelope(),
                "params": self.params,
                "trigger": {"id": self.trigger_id},
                "pipeline": {"id": self.pipeline.pipeline_id, "version": self.pipeline.version},
            }
        )


@dataclass(frozen=True, slots=True)
class Record:
    """An event in the ledger. It is `done` when every start was made or refused for good."""

    key: EventKey
    event: Event
    received_at: float
    verdicts: tuple[Verdict, ...]
    starts: tuple[Start, ...]
    done: bool
    refused: tuple[str, ...] = ()

    @property
    def executions(self) -> list[str]:
        """The ids of the executions that belong to this event."""
        return [start.name for start in self.starts]


def new_record(event: Event, source: Source, fired: list[Watch], verdicts: list[Verdict], now: float) -> Record:
    """The record of an event that was not seen before; one that nothing matches is done at once."""
    starts = tuple(
        Start(
            execution_name(source.id, event.id, watch.trigger.id),
            watch.trigger.id,
            watch.trigger.pipeline,
            watch.trigger.params,
        )
        for watch in fired
    )
    return Record(EventKey(source.id, event.id), event, now, tuple(verdicts), starts, done=not starts)
