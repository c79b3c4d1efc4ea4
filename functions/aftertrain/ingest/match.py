"""Event -> the triggers that it fires, found by the snapshot's index."""

from aftertrain.ingest.compiled_trigger import CompiledTrigger
from aftertrain.ingest.snapshot import Snapshot
from aftertrain.model.event import Event


def match(event: Event, snapshot: Snapshot) -> list[CompiledTrigger]:
    """The triggers that the event fires: highest priority first, then by id."""
    return snapshot.index(event.type).fired(event)
