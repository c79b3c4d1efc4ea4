"""Event + triggers -> why the triggers that it did not fire did not match.

Verdict("trig-1", "filtered", "where", expected='`key` REGEXP "^final/"', actual="tmp/x")
"""

from collections.abc import Iterable, Iterator

from aftertrain.control.ports import ControlPorts, Item
from aftertrain.expressions.budget import Budget, OverBudgetError
from aftertrain.ingest.compiled_trigger import compile_trigger, find_mismatch, find_source_mismatch
from aftertrain.ingest.event_record import over_budget
from aftertrain.ingest.verdict import Verdict
from aftertrain.model.authority import BUILT_IN
from aftertrain.model.event import Event
from aftertrain.model.source import Source
from aftertrain.model.trigger import PipelineVersion, Trigger, is_read, matches_type

_ALL = "object.*"
_NONE = PipelineVersion("", 0, "")


def sender_of(source_id: str, ports: ControlPorts) -> Source | None:
    """The sender of a stored event, without its secrets; None if the source was deleted."""
    if source_id in BUILT_IN:
        return BUILT_IN[source_id]
    entry = ports.registry.get("source", source_id)
    return None if entry is None else Source(source_id, entry.item["kind"], entry.item["auth"])


def explain_unmatched(
    event: Event, sender: Source | None, decided: set[str], triggers: Iterable[Item]
) -> Iterator[Verdict]:
    """The verdicts of all triggers on the event's type that have none yet."""
    for item in triggers:
        watched = matches_type(item["event_type"], event.type) or (is_read(event.type) and item["event_type"] == _ALL)
        if item["id"] not in decided and watched:
            yield explain(event, sender, item)


def explain(event: Event, sender: Source | None, item: Item) -> Verdict:
    """The verdict that a trigger, as it is now, gives for an event. The source is not checked if it was deleted."""
    named = tuple(item.get("source") or ())
    trigger = Trigger(item["id"], item["event_type"], _NONE, item.get("where"), item.get("filter"), sources=named)
    if not item.get("enabled", True):
        return Verdict(trigger.id, "disabled", "enabled", True, False)
    if not matches_type(trigger.event_type, event.type):
        expected = f"{trigger.event_type}, or {event.type} by name" if is_read(event.type) else trigger.event_type
        return Verdict(trigger.id, "filtered", "event_type", expected, event.type)
    mismatch = None if sender is None else find_source_mismatch(event.type, trigger, sender)
    try:
        mismatch = mismatch or find_mismatch(event, compile_trigger(trigger), Budget())
    except OverBudgetError:
        return over_budget(trigger.id)
    if mismatch is None:
        return Verdict(trigger.id, "filtered", "created_at", "the trigger existed in its current form", "it is newer")
    return Verdict(trigger.id, "filtered", mismatch.clause, mismatch.expected, mismatch.actual)
