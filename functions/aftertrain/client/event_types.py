"""`client.event_types`."""

from typing import Any

from aftertrain.client.transport import Transport

_PATH = "/v1/event-types"


class EventTypes:
    """What the data of one's own event types has to look like."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def register(self, event_type: str, schema: dict[str, Any]) -> None:
        """Have events of a type refused whose data does not fit a JSON Schema (draft 7)."""
        self._transport.call("PUT", f"{_PATH}/{event_type}", body={"schema": schema})

    def list(self) -> dict[str, dict[str, Any]]:
        """The schemas, by type."""
        return {item["id"]: item["schema"] for item in self._transport.call("GET", _PATH)}

    def delete(self, event_type: str) -> None:
        """Take a schema away."""
        self._transport.call("DELETE", f"{_PATH}/{event_type}")
