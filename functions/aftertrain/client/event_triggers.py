"""`client.event_triggers`."""

from typing import Any, Final, NamedTuple

from aftertrain.client.models import EventTrigger
from aftertrain.client.transport import Transport

_PATH = "/v1/event-triggers"
_KEEP: Final[Any] = object()  # tells "leave it as it is" from None, which takes a filter away


class Backtest(NamedTuple):
    """How many events were looked at, the verdicts of those that match, and of the nearest that do not.

    Not `complete`: there are more, and older ones.
    """

    events: int
    matched: list[dict[str, Any]]
    missed: list[dict[str, Any]]
    complete: bool


class EventTriggers:
    """What starts which pipeline."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(
        self,
        *,
        pipeline_id: str,
        event_type: str,
        filter: dict[str, Any] | None = None,
        where: str | None = None,
        params: dict[str, Any] | None = None,
        enabled: bool = True,
        id: str | None = None,
        **policies: Any,
    ) -> EventTrigger:
        """Make a trigger. `policies`: assemble, order, debounce, rate, concurrency, priority.

        Raises: InvalidRequestError if a filter or a policy cannot be read, or params do not fit.
        """
        body = {
            "pipeline_id": pipeline_id,
            "event_type": event_type,
            "filter": filter,
            "where": where,
            "params": params or {},
            "enabled": enabled,
            "id": id,
            **policies,
        }
        return EventTrigger.model_validate(self._transport.call("POST", _PATH, body=body))

    def update(
        self,
        trigger_id: str,
        *,
        event_type: str = _KEEP,
        filter: dict[str, Any] | None = _KEEP,
        where: str | None = _KEEP,
        params: dict[str, Any] = _KEEP,
        enabled: bool = _KEEP,
        **policies: Any,
    ) -> EventTrigger:
        """Change what is given; what is left out stays, and None takes a filter or a policy away."""
        fields = {
            "event_type": event_type,
            "filter": filter,
            "where": where,
            "params": params,
            "enabled": enabled,
        }
        body = policies | {name: value for name, value in fields.items() if value is not _KEEP}
        return EventTrigger.model_validate(self._transport.call("PATCH", f"{_PATH}/{trigger_id}", body=body))

    def enable(self, trigger_id: str) -> EventTrigger:
        """Let it start its pipeline."""
        return self.update(trigger_id, enabled=True)

    def disable(self, trigger_id: str) -> EventTrigger:
        """Keep it, but have it start nothing."""
        return self.update(trigger_id, enabled=False)

    def test(self, trigger: str | dict[str, Any], event: dict[str, Any]) -> list[dict[str, Any]]:
        """What a trigger would do with an event; nothing is sent, nothing starts.

        `trigger`: an id, or what is not made yet: {event_type, where, filter, params, …}. `event`: an envelope, or a
        recorded request, {source, headers, body}, which may have several.
        Returns: of each {matched, verdict, clause, expected, actual, params, would_start}.
        """
        body = {"trigger": trigger, "event": event}
        verdicts: list[dict[str, Any]] = self._transport.call("POST", "/v1/trigger-tests", body=body)
        return verdicts

    def backtest(self, trigger: str | dict[str, Any], *, since_seconds: float = 604_800) -> Backtest:
        """Which stored events a trigger, an id or one that is not made yet, would have matched, and nearly did."""
        body = {"trigger": trigger, "since_seconds": since_seconds}
        return Backtest(**self._transport.call("POST", "/v1/backtests", body=body))

    def resume(self, trigger_id: str) -> int:
        """Let a trigger go on that its `rate` has paused; returns how many events it kept and starts now."""
        return int(self._transport.call("POST", f"{_PATH}/{trigger_id}/resume")["released"])

    def get(self, trigger_id: str) -> EventTrigger:
        """One trigger."""
        return EventTrigger.model_validate(self._transport.call("GET", f"{_PATH}/{trigger_id}"))

    def list(self, pipeline_id: str | None = None) -> list[EventTrigger]:
        """All triggers, or those of one pipeline."""
        items = self._transport.call("GET", _PATH, {"pipeline_id": pipeline_id})
        return [EventTrigger.model_validate(item) for item in items]

    def delete(self, trigger_id: str) -> None:
        """Take it away; executions that it started go on."""
        self._transport.call("DELETE", f"{_PATH}/{trigger_id}")
