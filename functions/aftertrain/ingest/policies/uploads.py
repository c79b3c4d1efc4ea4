"""A set with a rewritten part -> the time from which it counts as one upload.

    1 (v1), 2 (v1), 1 (v2), 3 (v1, whose event comes late)  ->  complete, but 2 and 3 may be rewritten soon

No sender says whether a second upload replaces all parts or repairs a single one. Such a set therefore starts once it
has been quiet for longer than the next part would have taken; parts rewritten meanwhile replace the earlier ones.
"""

from datetime import datetime
from itertools import pairwise
from typing import Any

LEAST_SECONDS = 60.0
Part = dict[str, Any]


def written_at(time: str) -> float | None:
    """Seconds since 1970 by the sender's clock, which is the same for all parts; None if the time cannot be read."""
    try:
        timestamp = datetime.fromisoformat(time)
    except ValueError:
        return None
    return timestamp.timestamp() if timestamp.tzinfo else None


def differs(part: Part, stored: Part) -> bool:
    """Whether a new part has other content than the stored one."""
    return bool(part.get("etag") != stored.get("etag"))


def older(part: Part, stored: Part) -> bool:
    """Whether a part was written before the stored one; events can arrive late."""
    time, stored_time = part.get("time"), stored.get("time")
    return time is not None and stored_time is not None and time < stored_time


def latest(parts: dict[str, Part], pause: float) -> dict[str, Part]:
    """The parts of the latest upload: those after the last pause that is longer than a set may take.

    A part without a time is always kept.
    """
    times = sorted(part["time"] for part in parts.values() if part.get("time") is not None)
    upload_starts = [later for earlier, later in pairwise(times) if later - earlier > pause]
    if not upload_starts:
        return parts
    return {name: part for name, part in parts.items() if part.get("time") is None or part["time"] >= upload_starts[-1]}


def quiet_from(part_set: dict[str, Any]) -> float:
    """When a complete set may start: at once, unless one of its parts was rewritten."""
    if not part_set.get("again"):
        return float("-inf")
    times = sorted(part["time"] for part in part_set["parts"].values() if part.get("time") is not None)
    longest = max((later - earlier for earlier, later in pairwise(times)), default=0.0)
    return float(part_set["seen"]) + max(LEAST_SECONDS, 2 * longest)
