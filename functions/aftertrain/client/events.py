"""`client.events`."""

from aftertrain.client.models import Event
from aftertrain.client.transport import Transport


class Events:
    """What was received, and what became of it."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def get(self, source_id: str, event_id: str) -> Event:
        """One event with the verdict of every trigger on its type."""
        return Event.model_validate(self._transport.call("GET", f"/v1/events/{source_id}", {"event_id": event_id}))
