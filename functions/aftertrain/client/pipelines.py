"""`client.pipelines`."""

from typing import Any

from aftertrain.client.models import Pipeline
from aftertrain.client.transport import Transport


class Pipelines:
    """Definitions and their immutable versions."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(
        self,
        *,
        definition: dict[str, Any] | str,
        name: str | None = None,
        id: str | None = None,
    ) -> Pipeline:
        """Publish version 1 of a new pipeline, given as an object or as YAML text.

        Without an id, it is derived from the name.
        Raises: InvalidRequestError with every mistake.
        """
        body = {"definition": definition, "name": name, "id": id}
        fields = {key: value for key, value in body.items() if value is not None}
        return Pipeline.model_validate(self._transport.call("POST", "/v1/pipelines", body=fields))

    def update(self, pipeline_id: str, *, definition: dict[str, Any] | str) -> Pipeline:
        """Publish the next version; triggers start it from now on."""
        path = f"/v1/pipelines/{pipeline_id}"
        return Pipeline.model_validate(self._transport.call("PUT", path, body={"definition": definition}))

    def delete(self, pipeline_id: str) -> tuple[str, ...]:
        """Delete a pipeline and its triggers, whose ids are returned; running executions end by themselves.

        Raises: InvalidRequestError if another pipeline runs it.
        """
        return tuple(self._transport.call("DELETE", f"/v1/pipelines/{pipeline_id}")["triggers"])

    def get(self, pipeline_id: str) -> Pipeline:
        """Get the current version."""
        return Pipeline.model_validate(self._transport.call("GET", f"/v1/pipelines/{pipeline_id}"))

    def versions(self, pipeline_id: str) -> list[Pipeline]:
        """List all versions, the first one first."""
        items = self._transport.call("GET", f"/v1/pipelines/{pipeline_id}/versions")
        return [Pipeline.model_validate(item) for item in items]

    def list(self) -> list[Pipeline]:
        """List all pipelines."""
        return [Pipeline.model_validate(item) for item in self._transport.call("GET", "/v1/pipelines")]
