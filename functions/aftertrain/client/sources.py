"""`client.sources`."""

from aftertrain.client.models import Source
from aftertrain.client.transport import Transport


class Sources:
    """Who may send events."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(self, source_id: str, *, kind: str, auth: str | None = None, secret: str | None = None) -> Source:
        """Make a source. The answer is the only one that ever has its secret, which is ours unless one is given."""
        body = {"id": source_id, "kind": kind, "auth": auth, "secret": secret}
        return Source.model_validate(self._transport.call("POST", "/v1/sources", body=body))

    def rotate(self, source_id: str, *, secret: str | None = None, finish: bool = False, undo: bool = False) -> Source:
        """Make a new secret beside the current one; `finish` ends the one that was replaced, `undo` the new one."""
        body = {"secret": secret, "finish": finish, "undo": undo}
        return Source.model_validate(self._transport.call("POST", f"/v1/sources/{source_id}/rotate", body=body))

    def get(self, source_id: str) -> Source:
        """One source, without its secret."""
        return Source.model_validate(self._transport.call("GET", f"/v1/sources/{source_id}"))

    def list(self) -> list[Source]:
        """All sources, without their secrets."""
        return [Source.model_validate(item) for item in self._transport.call("GET", "/v1/sources")]

    def delete(self, source_id: str) -> None:
        """Take it away; its requests are refused from now on."""
        self._transport.call("DELETE", f"/v1/sources/{source_id}")
