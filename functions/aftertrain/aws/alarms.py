"""Alarms of CloudWatch that a roll-out watches."""

from typing import Any

from aftertrain.aws.faults import refused_or_busy
from aftertrain.errors import OperatorError


class CloudWatchAlarms:
    """Port `alarm` of tasks."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __call__(self, names: tuple[str, ...]) -> str | None:
        """The first that is on, with its reason. Raises: OperatorError if one of them does not exist."""
        kinds = ["MetricAlarm", "CompositeAlarm"]
        with refused_or_busy("reading alarms"):
            answer = self._client.describe_alarms(AlarmNames=[*names], AlarmTypes=kinds)
        found = [*answer.get("MetricAlarms", ()), *answer.get("CompositeAlarms", ())]
        missing = sorted({*names} - {each["AlarmName"] for each in found})
        if missing:
            raise OperatorError(f"there is no alarm {missing[0]!r} to watch")
        on = next((each for each in found if each["StateValue"] == "ALARM"), None)
        return None if on is None else f"alarm {on['AlarmName']!r} is on: {on.get('StateReason', '')}"
