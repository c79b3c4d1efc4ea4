"""The end of a job's attempt -> how long the job worked, as its backend reports it.

    TaskSucceeded of Batch   {"StartedAt": 1767225600000, "StoppedAt": 1767226200000, …}   ->  600.0
    ActivitySucceeded        600 seconds after its ActivityStarted                         ->  600.0

Waiting in a queue costs nothing, so the step's duration is no measure. The result is None if the backend says nothing.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

# Start and end times in the job descriptions of Batch and SageMaker, in milliseconds since 1970.
_TIMES = (
    ("StartedAt", "StoppedAt"),
    ("ProcessingStartTime", "ProcessingEndTime"),
    ("TrainingStartTime", "TrainingEndTime"),
)


def job_duration(event: dict[str, Any], details: dict[str, Any], starts: Mapping[int, datetime]) -> float | None:
    """Seconds of work. `details`: the event's. `starts`: when a worker took which task, by event."""
    if event["type"].startswith("Activity"):
        begin = starts.get(event.get("previousEventId", 0))
        return None if begin is None else float((event["timestamp"] - begin).total_seconds())
    return _job_seconds(_parse_object(details.get("output") or details.get("cause")))


def _job_seconds(job: Mapping[str, Any]) -> float | None:
    # SageMaker reports billed time, which contains the spot discount; the price contains it already.
    if isinstance(trained := job.get("TrainingTimeInSeconds"), int | float):
        return float(trained)
    attempts = [seconds for attempt in job.get("Attempts") or () if (seconds := _interval_seconds(attempt)) is not None]
    return sum(attempts) if attempts else _interval_seconds(job)


def _interval_seconds(times: Mapping[str, Any]) -> float | None:
    """The seconds of one attempt; Batch lists each attempt, and the job itself shows the last one."""
    for begin, end in _TIMES:
        if isinstance(times.get(begin), int | float) and isinstance(times.get(end), int | float):
            return (float(times[end]) - float(times[begin])) / 1000
    return None


def _parse_object(text: str | None) -> Mapping[str, Any]:
    """The object in a cause; a cause may also be a sentence, and a long one is cut off."""
    try:
        value = json.loads(text or "{}")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
