"""`client.events`."""

from typing import Any

from aftertrain.client.models import Event
from aftertrain.client.transport import Transport


class Events:
    """What was received, and what became of it."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def get(self, source_id: str, event_id: str) -> Event:
        """One event with the verdict of every trigger on its type."""
        return Event.model_validate(self._transport.call("GET", f"/v1/events/{source_id}", {"event_id": event_id}))

    def list(
        self,
        *,
        since_seconds: float = 86_400,
        limit: int = 20,
        before: float | None = None,
        everything: bool = False,
    ) -> list[Event]:
        """The newest events that fired something; with `everything` all of them, which reads the whole ledger.

        `before`: received by then, in seconds since 1970, to go on behind a page.
        """
        query = {
            "since_seconds": since_seconds,
            "limit": limit,
            "before": before,
            "everything": str(everything).lower(),
        }
        return [Event.model_validate(item) for item in self._transport.call("GET", "/v1/events", query)]

    def replay_dead_letters(self) -> int:
        """Queue again what the redrives have given up on; returns how many events."""
        return int(self._transport.call("POST", "/v1/dead-letters/replay")["replayed"])

    def replay(self, source_id: str, event_id: str, attempt: int | None = None) -> dict[str, Any]:
        """Let an event happen once more; the same `attempt` is the same replay, without one it is the next."""
        body = {"event_id": event_id, "attempt": attempt}
        found: dict[str, Any] = self._transport.call("POST", f"/v1/events/{source_id}/replay", body=body)
        return found
