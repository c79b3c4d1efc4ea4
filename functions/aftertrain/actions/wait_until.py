"""Wait for some time, or until a time; nothing runs and nothing is paid for meanwhile."""

from typing import Annotated

from pydantic import Field, model_validator

from aftertrain.actions.action import Action, Outputs, Params

WEEK = 7 * 24 * 3600


class WaitParams(Params):
    """One of the three. `until_time`: `2026-01-27T09:00:00`, or `09:00` for the next time that it is nine.

    `timezone` is an IANA name; a time that carries its own offset needs none.
    """

    duration_seconds: Annotated[int, Field(ge=1, le=WEEK)] | None = None
    duration_hours: Annotated[float, Field(gt=0, le=168)] | None = None
    until_time: str | None = None
    timezone: str = "UTC"

    @model_validator(mode="after")
    def _one_of_three(self) -> "WaitParams":
        given = (self.duration_seconds, self.duration_hours, self.until_time)
        if sum(each is not None for each in given) != 1:
            raise ValueError("give one of duration_seconds, duration_hours and until_time")
        return self


class WaitOutputs(Outputs):
    """`until`: the time that was waited for, RFC 3339 in UTC; `seconds` from the step's start to it."""

    waited: bool
    until: str
    seconds: int


ACTION = Action("wait_until", WaitParams, WaitOutputs, runs="wait", timeout_seconds=60)
