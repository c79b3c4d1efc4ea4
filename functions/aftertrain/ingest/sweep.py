"""Time -> records that somebody left behind are queued again.

Runs every minute. A record is due a minute after it was received and is looked at ever more rarely, so one that can
never be finished does not keep the queue busy.
"""

from aftertrain.ingest.handover import hand_over
from aftertrain.ingest.ports import IngestPorts

BATCH = 500


def sweep(ports: IngestPorts) -> int:
    """Queue what is due, the oldest first; returns how many."""
    due = ports.ledger.due(ports.clock(), BATCH)
    for key in due:
        ports.ledger.postpone(key, ports.clock())
        hand_over(key, ports.redrives)
    return len(due)
