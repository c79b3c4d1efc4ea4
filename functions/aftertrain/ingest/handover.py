"""Unfinished work -> the queue. The record is in the ledger already, so nothing is lost if the queue refuses."""

from aftertrain.errors import BusyError
from aftertrain.ingest.event_key import EventKey
from aftertrain.ingest.ports import Redrives


def hand_over(key: EventKey, redrives: Redrives, delay: float = 0) -> None:
    """Queue an event for a retry after `delay` seconds. If the queue refuses it, the sweeper finds the event."""
    try:
        redrives.send(key, delay)
    except BusyError:
        return
