"""`client.executions`."""

import time
from collections.abc import Iterator
from datetime import datetime

from aftertrain.client.errors import ApiError, NoCredentialsError
from aftertrain.client.models import Execution
from aftertrain.client.pages import PAGE, all_pages
from aftertrain.client.transport import Transport

APPEARS_WITHIN = 15.0  # seconds; Step Functions reports a new execution a moment after its start
HICCUPS, HICCUP_SECONDS = (0, 429, 500, 502, 503, 504), 300.0  # 0 means no answer at all


class Executions:
    """Executions of pipelines."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(
        self,
        pipeline_id: str | None = None,
        *,
        status: str | None = None,
        limit: int = 20,
        before: float | None = None,
    ) -> list[Execution]:
        """List the newest executions, at most 1000, without their steps; `status`: only those with this status.

        `before`: only executions that began until then, in seconds since 1970; for paging.
        """
        query = {"pipeline_id": pipeline_id, "status": status, "limit": limit, "before": before}
        return [Execution.model_validate(item) for item in self._transport.call("GET", "/v1/executions", query)]

    def all(self, pipeline_id: str | None = None, *, status: str | None = None) -> Iterator[Execution]:
        """Iterate over the executions of the last 90 days, the newest first."""
        return all_pages(
            lambda before: self.list(pipeline_id, status=status, limit=PAGE, before=before),
            lambda execution: execution.id,
            lambda execution: datetime.fromisoformat(execution.started_at).timestamp(),
        )

    def get(self, execution_id: str) -> Execution:
        """Get one execution with its steps."""
        return Execution.model_validate(self._transport.call("GET", f"/v1/executions/{execution_id}"))

    def stop(self, execution_id: str, cause: str = "stopped by hand") -> None:
        """Stop an execution and its jobs."""
        self._transport.call("POST", f"/v1/executions/{execution_id}/stop", body={"cause": cause})

    def watch(self, execution_id: str, *, interval: float = 1.0) -> Iterator[Execution]:
        """Yield the execution repeatedly, until it is finished.

        If the API does not answer, the call is repeated for some minutes.
        """
        answered_at = time.monotonic()
        while True:
            try:
                execution = self.get(execution_id)
            except ApiError as error:
                if time.monotonic() > answered_at + (APPEARS_WITHIN if error.status == 404 else HICCUP_SECONDS):
                    raise
                if isinstance(error, NoCredentialsError) or error.status not in (404, *HICCUPS):
                    raise
            else:
                answered_at = time.monotonic()
                yield execution
                if execution.finished:
                    return
            time.sleep(interval)

    def wait(self, execution_id: str, *, interval: float = 1.0) -> Execution:
        """Wait until the execution is finished, and return it."""
        *_, last = self.watch(execution_id, interval=interval)
        return last
