"""Seconds -> times that those in the ledger can be compared with, as texts.

until(1747304200.5)  ->  "2025-05-15T10:16:40.501+00:00"
"""

from datetime import UTC, datetime, timedelta

from aftertrain.control.ports import Ports

LAST = "9999-12-31T23:59:59.999+00:00"


def since(seconds: float, ports: Ports) -> str:
    """So many seconds ago."""
    return _text(datetime.fromisoformat(ports.clock()) - timedelta(seconds=seconds))


def until(before: float | None) -> str:
    """What happened in that very millisecond is within; without an end, whatever another clock calls now."""
    return LAST if before is None else _text(datetime.fromtimestamp(before, UTC) + timedelta(milliseconds=1))


def _text(time: datetime) -> str:
    return time.isoformat(timespec="milliseconds")
