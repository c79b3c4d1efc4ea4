"""`client.events`."""

import base64
import time
from collections.abc import Iterator
from typing import Any

import urllib3

from aftertrain.client.errors import ApiError, InvalidRequestError
from aftertrain.client.models import ReceivedEvent
from aftertrain.client.pages import PAGE, all_pages
from aftertrain.client.transport import Transport


class Events:
    """Received events, and what became of them."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def get(self, source_id: str, event_id: str) -> ReceivedEvent:
        """Get one event with the verdict of every trigger on its type."""
        return ReceivedEvent.model_validate(
            self._transport.call("GET", f"/v1/events/{source_id}", {"event_id": event_id})
        )

    def list(
        self,
        *,
        since_seconds: float = 86_400,
        limit: int = 20,
        before: float | None = None,
        everything: bool = False,
    ) -> list[ReceivedEvent]:
        """List the newest events that fired a trigger; with `everything` all of them, which reads the whole ledger.

        `before`: only events received until then, in seconds since 1970; for paging.
        """
        query = {
            "since_seconds": since_seconds,
            "limit": limit,
            "before": before,
            "everything": str(everything).lower(),
        }
        return [ReceivedEvent.model_validate(item) for item in self._transport.call("GET", "/v1/events", query)]

    def all(self, *, since_seconds: float = 86_400, everything: bool = False) -> Iterator[ReceivedEvent]:
        """Iterate over the events of the last `since_seconds`, the newest first."""
        return all_pages(
            lambda before: self.list(since_seconds=since_seconds, limit=PAGE, before=before, everything=everything),
            lambda event: (event.source_id, event.record_id),
            lambda event: event.received_at,
        )

    def replay_dead_letters(self) -> int:
        """Queue the dead letters again: events that the redrives gave up on. Returns their number."""
        return int(self._transport.call("POST", "/v1/dead-letters/replay")["replayed"])

    def replay(self, source_id: str, event_id: str, attempt: int | None = None) -> dict[str, Any]:
        """Replay an event; the same `attempt` is the same replay, and without one a new replay starts."""
        body = {"event_id": event_id, "attempt": attempt}
        receipt: dict[str, Any] = self._transport.call("POST", f"/v1/events/{source_id}/replay", body=body)
        return receipt

    def replay_since(
        self, source_id: str, since_seconds: float, *, until_seconds: float = 0.0, attempt: int | None = None
    ) -> Iterator[dict[str, Any]]:
        """Replay the events that matched a source's triggers, the oldest first, up to `until_seconds` ago; no replays.

        A refused event, such as a part that did not complete its set, has no verdicts but `refused`, which says why.
        """
        end = time.time() - until_seconds
        event_ids = [
            item.event_id
            for item in self.all(since_seconds=since_seconds)
            if item.source_id == source_id and item.event_id == item.record_id and item.received_at <= end
        ]
        return (self._try_replay(source_id, item, attempt) for item in reversed(event_ids))

    def _try_replay(self, source_id: str, event_id: str, attempt: int | None) -> dict[str, Any]:
        try:
            return self.replay(source_id, event_id, attempt)
        except InvalidRequestError as error:
            return {"record_id": event_id, "executions": [], "verdicts": [], "refused": str(error)}

    def send(self, url: str, body: Any, *, token: str | None = None, user: str | None = None) -> dict[str, Any]:
        """Post a payload to a source's `url`, with a bearer token, or as a `user`.

        Returns: the receipt.
        Raises: ApiError
        """
        headers = {"content-type": "application/json"}
        if token is not None:
            pair = base64.b64encode(f"{user}:{token}".encode()).decode()
            headers["authorization"] = f"Basic {pair}" if user else f"Bearer {token}"
        try:
            response = urllib3.request("POST", url, json=body, headers=headers, timeout=30.0, retries=False)
        except urllib3.exceptions.HTTPError as error:
            raise ApiError(0, {"detail": f"{url} does not answer: {error}"}) from None
        if response.status != 200:
            raise ApiError(response.status, {"detail": response.data.decode(errors="replace")[:300]})
        receipt: dict[str, Any] = response.json()
        return receipt
