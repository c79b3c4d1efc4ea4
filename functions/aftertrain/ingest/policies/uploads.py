"""A set of which a part was written again before all were there -> when it is taken for one upload.

    1 (v1), 2 (v1), 1 (v2), 3 (v1, whose event comes late)  ->  all are there, and 2 and 3 may be about to come again

Whether a second upload replaces all parts or mends a single one, nobody says. So such a set starts when it has been
quiet for longer than the next part would have taken; what is written again meanwhile takes its place.
"""

from datetime import datetime
from itertools import pairwise
from typing import Any

LEAST_SECONDS = 60.0
Part = dict[str, Any]


def written_at(time: str) -> float | None:
    """Seconds since 1970, by the sender's clock, which is one for all parts; None if its time is none."""
    try:
        timestamp = datetime.fromisoformat(time)
    except ValueError:
        return None
    return timestamp.timestamp() if timestamp.tzinfo else None


def differs(part: Part, stored: Part) -> bool:
    """Whether a part that is there has another content than one that comes now."""
    return bool(part.get("etag") != stored.get("etag"))


def older(part: Part, stored: Part) -> bool:
    """Whether a part was written before the one that is there; an event may come late."""
    time, stored_time = part.get("time"), stored.get("time")
    return time is not None and stored_time is not None and time < stored_time


def latest(parts: dict[str, Part], pause: float) -> dict[str, Part]:
    """The parts without those of an earlier upload: those before the last pause that was longer than a set may take.

    Of parts without a time nobody can say.
    """
    times = sorted(part["time"] for part in parts.values() if part.get("time") is not None)
    upload_starts = [later for earlier, later in pairwise(times) if later - earlier > pause]
    if not upload_starts:
        return parts
    return {name: part for name, part in parts.items() if part.get("time") is None or part["time"] >= upload_starts[-1]}


def quiet_from(part_set: dict[str, Any]) -> float:
    """When a set may start that is complete: at once, unless a part of it was written again."""
    if not part_set.get("again"):
        return float("-inf")
    times = sorted(part["time"] for part in part_set["parts"].values() if part.get("time") is not None)
    longest = max((later - earlier for earlier, later in pairwise(times)), default=0.0)
    return float(part_set["seen"]) + max(LEAST_SECONDS, 2 * longest)
