"""`client.event_types`."""

from typing import Any

from aftertrain.client.transport import Transport

_PATH = "/v1/event-types"


class EventTypes:
    """Schemas for the data of custom event types."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def register(self, event_type: str, schema: dict[str, Any]) -> None:
        """Register a JSON Schema (draft 7); the webhook refuses events of this type that do not fit it."""
        self._transport.call("PUT", f"{_PATH}/{event_type}", body={"schema": schema})

    def list(self) -> dict[str, dict[str, Any]]:
        """List the schemas by type."""
        return {item["id"]: item["schema"] for item in self._transport.call("GET", _PATH)}

    def delete(self, event_type: str) -> None:
        """Delete a schema."""
        self._transport.call("DELETE", f"{_PATH}/{event_type}")
