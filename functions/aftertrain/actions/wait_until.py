"""Wait for some time, or until a time. Waiting costs nothing."""

from datetime import datetime, time
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator

from aftertrain.actions.action import Action, Outputs, Params

WEEK = 7 * 24 * 3600


class WaitParams(Params):
    """One of the three times."""

    one_of = ("duration_seconds", "duration_hours", "until_time")

    duration_seconds: Annotated[int, Field(ge=1, le=WEEK)] | None = None
    """How many seconds to wait."""
    duration_hours: Annotated[float, Field(gt=0, le=168)] | None = None
    """How many hours to wait."""
    until_time: str | None = None
    """When to continue: `2026-01-27T09:00:00`, or `09:00` for the next nine o'clock."""
    timezone: str = "UTC"
    """An IANA time zone, for a time without an offset of its own."""

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
    """A time of day, or a date and time. Raises: ValueError."""
    try:
        return time.fromisoformat(text) if len(text) <= len("00:00:00") else datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a time: write 2026-01-27T09:00:00 or 09:00") from None


def read_zone(name: str) -> ZoneInfo:
    """A time zone. Raises: ValueError."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError(f"there is no time zone {name!r}: use an IANA name such as Europe/London") from None


class WaitOutputs(Outputs):
    """The wait."""

    waited: bool
    """Always true."""
    until: str
    """The time of the end, RFC 3339 in UTC."""
    seconds: int
    """Seconds from the step's start to that time."""


ACTION = Action("wait_until", WaitParams, WaitOutputs, runs="wait", timeout_seconds=60)
