"""Events: what was received, what every trigger said of it, and what it started."""

from aftertrain.control.ports import Item, Ports
from aftertrain.errors import NotFoundError


def get(source_id: str, event_id: str, ports: Ports) -> Item:
    """One event with its verdicts.

    Raises: NotFoundError if no such event was received, or not in the last 90 days.
    """
    item = ports.runs.event(source_id, event_id)
    if item is None:
        raise NotFoundError(f"the source {source_id!r} has sent no event {event_id!r}", field="event_id")
    return item
