"""`client.sources`."""

from aftertrain.client.models import EventSource
from aftertrain.client.transport import Transport


class Sources:
    """Sources: who may send events."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(self, source_id: str, *, kind: str, auth: str | None = None, secret: str | None = None) -> EventSource:
        """Create a source. Only this answer contains its secret, which we make unless one is given."""
        body = {"id": source_id, "kind": kind, "auth": auth, "secret": secret}
        return EventSource.model_validate(self._transport.call("POST", "/v1/sources", body=body))

    def rotate(
        self, source_id: str, *, secret: str | None = None, finish: bool = False, undo: bool = False
    ) -> EventSource:
        """Make a new secret; the old one keeps working. `finish` ends the old one, `undo` takes the new one back."""
        body = {"secret": secret, "finish": finish, "undo": undo}
        return EventSource.model_validate(self._transport.call("POST", f"/v1/sources/{source_id}/rotate", body=body))

    def get(self, source_id: str) -> EventSource:
        """Get one source, without its secret."""
        return EventSource.model_validate(self._transport.call("GET", f"/v1/sources/{source_id}"))

    def list(self) -> list[EventSource]:
        """List all sources, without their secrets."""
        return [EventSource.model_validate(item) for item in self._transport.call("GET", "/v1/sources")]

    def delete(self, source_id: str) -> None:
        """Delete a source; its requests are refused from now on."""
        self._transport.call("DELETE", f"/v1/sources/{source_id}")
