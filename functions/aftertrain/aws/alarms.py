"""The CloudWatch alarms that a roll-out watches."""

from typing import Any

from aftertrain.aws.client_errors import refused_or_busy
from aftertrain.errors import OperatorError


class CloudWatchAlarms:
    """Port `alarm` of tasks."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __call__(self, names: tuple[str, ...]) -> str | None:
        """The first alarm that is on, with its reason. Raises: OperatorError if one of them does not exist."""
        kinds = ["MetricAlarm", "CompositeAlarm"]
        with refused_or_busy("reading alarms"):
            response = self._client.describe_alarms(AlarmNames=[*names], AlarmTypes=kinds)
        alarms = [*response.get("MetricAlarms", ()), *response.get("CompositeAlarms", ())]
        missing = sorted({*names} - {alarm["AlarmName"] for alarm in alarms})
        if missing:
            raise OperatorError(f"the alarm {missing[0]!r} does not exist: correct `alarms` of the step")
        firing = next((alarm for alarm in alarms if alarm["StateValue"] == "ALARM"), None)
        return None if firing is None else f"alarm {firing['AlarmName']!r} is on: {firing.get('StateReason', '')}"
