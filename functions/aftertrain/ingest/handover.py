"""What cannot be done now is left to the queue, and at the latest to the sweeper: it is recorded, so it is not lost."""

from aftertrain.errors import BusyError
from aftertrain.ingest.event_key import EventKey
from aftertrain.ingest.ports import Redrives


def hand_over(key: EventKey, redrives: Redrives, delay: float = 0) -> None:
    """Have an event looked at soon, or after `delay` seconds; if the queue does not take it, the sweeper finds it."""
    try:
        redrives.send(key, delay)
    except BusyError:
        return
