"""`client.sources`."""

from aftertrain.client.models import Source
from aftertrain.client.transport import Transport


class Sources:
    """Who may send events."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(self, source_id: str, *, kind: str, auth: str = "bearer") -> Source:
        """Make a source; its `secret` is in this answer and in no other."""
        body = {"id": source_id, "kind": kind, "auth": auth}
        return Source.model_validate(self._transport.call("POST", "/v1/sources", body=body))

    def get(self, source_id: str) -> Source:
        """One source."""
        return Source.model_validate(self._transport.call("GET", f"/v1/sources/{source_id}"))

    def list(self) -> list[Source]:
        """All sources."""
        return [Source.model_validate(item) for item in self._transport.call("GET", "/v1/sources")]

    def delete(self, source_id: str) -> None:
        """Take a source away; its requests are refused from now on."""
        self._transport.call("DELETE", f"/v1/sources/{source_id}")
