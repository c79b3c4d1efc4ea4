"""Event + triggers -> why those that it did not fire were not.

Verdict("trig-1", "filtered", "where", expected='`key` REGEXP "^final/"', actual="tmp/x")
"""

from collections.abc import Iterable, Iterator

from aftertrain.control.ports import Item
from aftertrain.ingest.verdict import Verdict
from aftertrain.ingest.watch import watch_of, why_not
from aftertrain.model.event import Event
from aftertrain.model.trigger import PipelineVersion, Trigger, matches_type

_NONE = PipelineVersion("", 0, "")


def unmatched(event: Event, known: set[str], triggers: Iterable[Item]) -> Iterator[Verdict]:
    """The verdicts of all triggers on the event's type that are not known yet."""
    for item in triggers:
        if item["id"] not in known and matches_type(item["event_type"], event.type):
            yield explained(event, item)


def explained(event: Event, item: Item) -> Verdict:
    """What a trigger as it is now would say of an event."""
    trigger = Trigger(item["id"], item["event_type"], _NONE, item.get("where"), item.get("filter"))
    if not item.get("enabled", True):
        return Verdict(trigger.id, "disabled", "enabled", True, False)
    if not matches_type(trigger.event_type, event.type):
        return Verdict(trigger.id, "filtered", "event_type", trigger.event_type, event.type)
    miss = why_not(event, watch_of(trigger))
    if miss is None:
        return Verdict(trigger.id, "filtered", "created_at", "the trigger was there as it is now", "it is newer")
    return Verdict(trigger.id, "filtered", miss.clause, miss.expected, miss.actual)
