"""Event + its sender -> the triggers that it fires, found by the snapshot's index."""

from aftertrain.ingest.compiled_trigger import CompiledTrigger, find_source_mismatch
from aftertrain.ingest.snapshot import Snapshot
from aftertrain.model.event import Event
from aftertrain.model.source import Source


def match(event: Event, source: Source, snapshot: Snapshot) -> list[CompiledTrigger]:
    """The triggers that the event fires: highest priority first, then by id."""
    fired = snapshot.index(event.type).fired(event)
    return [each for each in fired if find_source_mismatch(event.type, each.trigger, source) is None]
