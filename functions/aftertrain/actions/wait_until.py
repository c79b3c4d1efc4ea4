"""Wait for some time, or until a time; nothing runs and nothing is paid for meanwhile."""

from datetime import datetime, time
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator

from aftertrain.actions.action import Action, Outputs, Params

WEEK = 7 * 24 * 3600


class WaitParams(Params):
    """One of the three. `until_time`: `2026-01-27T09:00:00`, or `09:00` for the next time that it is nine.

    `timezone` is an IANA name; a time that carries its own offset needs none.
    """

    one_of = ("duration_seconds", "duration_hours", "until_time")

    duration_seconds: Annotated[int, Field(ge=1, le=WEEK)] | None = None
    duration_hours: Annotated[float, Field(gt=0, le=168)] | None = None
    until_time: str | None = None
    timezone: str = "UTC"

    @field_validator("until_time")
    @classmethod
    def _check_time(cls, text: str | None) -> str | None:
        if text is not None:
            read_time(text)
        return text

    @field_validator("timezone")
    @classmethod
    def _check_zone(cls, name: str) -> str:
        read_zone(name)
        return name


def read_time(text: str) -> time | datetime:
    """A time of the day, or a moment. Raises: ValueError."""
    try:
        return time.fromisoformat(text) if len(text) <= len("00:00:00") else datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no time such as 2026-01-27T09:00:00 or 09:00") from None


def read_zone(name: str) -> ZoneInfo:
    """A time zone. Raises: ValueError."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError(f"there is no time zone {name!r}: IANA's names are such as Europe/London") from None


class WaitOutputs(Outputs):
    """`until`: the time that was waited for, RFC 3339 in UTC; `seconds` from the step's start to it."""

    waited: bool
    until: str
    seconds: int


ACTION = Action("wait_until", WaitParams, WaitOutputs, runs="wait", timeout_seconds=60)
