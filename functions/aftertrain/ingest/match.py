"""Event + its sender -> the triggers that it fires, found by the snapshot's index."""

from aftertrain.expressions.budget import Budget
from aftertrain.ingest.compiled_trigger import CompiledTrigger, find_source_mismatch
from aftertrain.ingest.index import Fired
from aftertrain.ingest.snapshot import Snapshot
from aftertrain.model.event import Event
from aftertrain.model.source import Source


def match(event: Event, source: Source, snapshot: Snapshot) -> Fired:
    """The triggers that the event fires, and those that could not be decided: highest priority first, then by id."""
    fired = snapshot.index(event.type).fired(event, Budget())
    matches, undecided = (
        [each for each in some if _may_fire(event, source, each)] for some in (fired.matches, fired.undecided)
    )
    return Fired(matches, undecided, snapshot.unreadable_for(event.type))


def _may_fire(event: Event, source: Source, compiled: CompiledTrigger) -> bool:
    return find_source_mismatch(event.type, compiled.trigger, source) is None
