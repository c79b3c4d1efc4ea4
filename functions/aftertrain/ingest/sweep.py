"""Time -> unfinished records are queued again.

Runs every minute. A record is due one minute after it was received, and then less and less often, so a record that can
never be finished does not keep the queue busy.
"""

from aftertrain.ingest.handover import hand_over
from aftertrain.ingest.ports import IngestPorts

BATCH = 500


def sweep(ports: IngestPorts) -> int:
    """Queue the due records, the oldest first; returns their number."""
    due = ports.ledger.due(ports.clock(), BATCH)
    for key in due:
        ports.ledger.postpone(key, ports.clock())
        hand_over(key, ports.redrives)
    return len(due)
