"""Compute the time to wait for; the state machine waits.

{"until_time": "09:00", "timezone": "Europe/London"}  ->  {"waited": true, "until": "2026-01-27T09:00:00Z", …}
"""

import math
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from aftertrain.actions.wait_until import WEEK, WaitParams, read_time, read_zone
from aftertrain.tasks.ports import StepCall, TaskError, TaskPorts


def run(params: WaitParams, call: StepCall, ports: TaskPorts) -> dict[str, Any]:
    """The time to wait for, in whole seconds; a past time means now.

    Raises: TaskError if it is more than a week away, or after the step's time limit.
    """
    now = datetime.fromtimestamp(ports.clock(), UTC)
    until = max(_end_of_wait(params, now), now).astimezone(UTC)
    seconds = math.ceil((until - now).total_seconds())
    if seconds > WEEK:
        raise TaskError(f"{until.isoformat()} is more than a week away")
    if call.within is not None and seconds >= call.within:
        raise TaskError(f"{until.isoformat()} is {seconds} seconds away, but the step may take only {call.within}")
    return {"waited": True, "until": until.strftime("%Y-%m-%dT%H:%M:%SZ"), "seconds": seconds}


def _end_of_wait(params: WaitParams, now: datetime) -> datetime:
    if params.duration_seconds is not None:
        return now + timedelta(seconds=params.duration_seconds)
    if params.duration_hours is not None:
        return now + timedelta(hours=params.duration_hours)
    return _moment(params.until_time or "", read_zone(params.timezone), now)


def _moment(text: str, zone: ZoneInfo, now: datetime) -> datetime:
    moment = read_time(text)
    if isinstance(moment, time):
        return _next_occurrence(moment, now.astimezone(zone))
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def _next_occurrence(time_of_day: time, now: datetime) -> datetime:
    today = now.replace(hour=time_of_day.hour, minute=time_of_day.minute, second=time_of_day.second, microsecond=0)
    return today if today > now else today + timedelta(days=1)
