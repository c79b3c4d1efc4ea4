"""Seconds -> RFC 3339 texts that compare with the times in the ledger.

until(1747304200.5)  ->  "2025-05-15T10:16:40.501+00:00"
"""

from datetime import UTC, datetime, timedelta

from aftertrain.control.ports import ControlPorts

LAST = "9999-12-31T23:59:59.999+00:00"


def since(seconds: float, ports: ControlPorts) -> str:
    """The time that many seconds ago."""
    return _format_time(datetime.fromisoformat(ports.clock()) - timedelta(seconds=seconds))


def until(before: float | None) -> str:
    """The end of the range, including its millisecond; without `before`, a time ahead of every clock."""
    return LAST if before is None else _format_time(datetime.fromtimestamp(before, UTC) + timedelta(milliseconds=1))


def _format_time(time: datetime) -> str:
    return time.isoformat(timespec="milliseconds")
