"""A bucket prefix -> MLServer's model repository.

    settings.json  {"model_repository_implementation": "aftertrain.serving.repository.BucketRepository",
                    "model_repository_implementation_args": {"uri": "s3://artifacts/clusters/prod/replica-0"}, …}

Each `NAME.json` below the prefix assigns a model to this replica: {"name", "version", "uri"}. MLServer loads all of
them when it starts, and a single one on request. So a new model needs no change of the replica.
"""

import asyncio
import json
from typing import Any

import boto3
from mlserver.errors import ModelNotFound
from mlserver.repository import ModelRepository
from mlserver.settings import ModelParameters, ModelSettings

from aftertrain.serving.onnx_model import OnnxModel


class BucketRepository(ModelRepository):  # type: ignore[misc]  # MLServer ships no types
    """The assignments below this replica's own prefix."""

    def __init__(self, root: str, uri: str) -> None:  # noqa: ARG002 - MLServer passes its own folder as root
        self._bucket, _, prefix = uri.removeprefix("s3://").partition("/")
        self._prefix = prefix.rstrip("/")
        self._s3 = boto3.client("s3")

    async def find(self, name: str) -> list[ModelSettings]:
        """The model of this name, as it is assigned now. Raises: ModelNotFound."""
        try:
            return [await asyncio.to_thread(self._settings, f"{self._prefix}/{name}.json")]
        except self._s3.exceptions.NoSuchKey:
            raise ModelNotFound(name) from None

    async def list(self) -> list[ModelSettings]:
        """All models that the replica is to serve."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=f"{self._prefix}/")
        keys = [entry["Key"] for page in pages for entry in page.get("Contents", []) if entry["Key"].endswith(".json")]
        return [self._settings(key) for key in keys]

    def _settings(self, key: str) -> ModelSettings:
        text = self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        assignment: dict[str, Any] = json.loads(text)
        # MLServer keeps a model's versions side by side and chooses one. Here a load replaces the earlier version, so
        # MLServer gets no version, and the runtime answers with the assignment's.
        parameters = ModelParameters(uri=assignment["uri"], extra={"version": assignment["version"]})
        return ModelSettings(name=assignment["name"], implementation=OnnxModel, parameters=parameters)
