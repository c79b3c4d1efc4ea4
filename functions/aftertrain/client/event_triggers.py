"""`client.event_triggers`."""

from typing import Any, Final, NamedTuple

from aftertrain.client.models import EventTrigger
from aftertrain.client.transport import Transport

_PATH = "/v1/event-triggers"
_KEEP: Final[Any] = object()  # tells "leave it unchanged" from None, which removes a filter


class Backtest(NamedTuple):
    """The number of events read, the verdicts of matching events, and those of the nearest misses.

    If it is not `complete`, older events exist that were not read.
    """

    events: int
    matched: list[dict[str, Any]]
    missed: list[dict[str, Any]]
    complete: bool


class EventTriggers:
    """Triggers: which events start which pipeline."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(
        self,
        *,
        pipeline_id: str,
        event_type: str,
        source: str | list[str] | None = None,
        filter: dict[str, Any] | None = None,
        where: str | None = None,
        params: dict[str, Any] | None = None,
        enabled: bool = True,
        id: str | None = None,
        **policies: Any,
    ) -> EventTrigger:
        """Create a trigger. `source`: the ids of the only sources that may fire it.

        `policies`: assemble, order, debounce, rate, concurrency, priority.

        Raises: InvalidRequestError if a filter, a policy or the params are wrong.
        """
        body = {
            "pipeline_id": pipeline_id,
            "event_type": event_type,
            "source": source,
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
        source: str | list[str] | None = _KEEP,
        filter: dict[str, Any] | None = _KEEP,
        where: str | None = _KEEP,
        params: dict[str, Any] = _KEEP,
        enabled: bool = _KEEP,
        **policies: Any,
    ) -> EventTrigger:
        """Change the given fields; others stay, and None removes a filter or a policy."""
        fields = {
            "event_type": event_type,
            "source": source,
            "filter": filter,
            "where": where,
            "params": params,
            "enabled": enabled,
        }
        body = policies | {name: value for name, value in fields.items() if value is not _KEEP}
        return EventTrigger.model_validate(self._transport.call("PATCH", f"{_PATH}/{trigger_id}", body=body))

    def enable(self, trigger_id: str) -> EventTrigger:
        """Enable a trigger."""
        return self.update(trigger_id, enabled=True)

    def disable(self, trigger_id: str) -> EventTrigger:
        """Disable a trigger; it stays, but starts nothing."""
        return self.update(trigger_id, enabled=False)

    def test(self, trigger: str | dict[str, Any], event: dict[str, Any]) -> list[dict[str, Any]]:
        """Test what a trigger would do with an event; nothing is sent, and nothing starts.

        `trigger`: an id, or a definition {event_type, where, filter, params, …}. `event`: an envelope, or a recorded
        request, {source, headers, body}, which may contain several events.
        Returns: per event and trigger {matched, verdict, clause, expected, actual, params, would_start}.
        """
        body = {"trigger": trigger, "event": event}
        verdicts: list[dict[str, Any]] = self._transport.call("POST", "/v1/trigger-tests", body=body)
        return verdicts

    def backtest(self, trigger: str | dict[str, Any], *, since_seconds: float = 604_800) -> Backtest:
        """Show which stored events a trigger, an id or a definition, would have matched, and its nearest misses."""
        body = {"trigger": trigger, "since_seconds": since_seconds}
        return Backtest(**self._transport.call("POST", "/v1/backtests", body=body))

    def resume(self, trigger_id: str) -> int:
        """Resume a trigger that its `rate` has paused; returns the number of kept events that start now."""
        return int(self._transport.call("POST", f"{_PATH}/{trigger_id}/resume")["released"])

    def get(self, trigger_id: str) -> EventTrigger:
        """Get one trigger."""
        return EventTrigger.model_validate(self._transport.call("GET", f"{_PATH}/{trigger_id}"))

    def list(self, pipeline_id: str | None = None) -> list[EventTrigger]:
        """List all triggers, or those of one pipeline."""
        items = self._transport.call("GET", _PATH, {"pipeline_id": pipeline_id})
        return [EventTrigger.model_validate(item) for item in items]

    def delete(self, trigger_id: str) -> None:
        """Delete a trigger; the executions that it started continue."""
        self._transport.call("DELETE", f"{_PATH}/{trigger_id}")
