"""Batch's job definitions for images other than the stage's own.

    ensure("team/eval:3")  ->  aftertrain-prod-image-<digest>, the stage's definition with this image

A submission cannot name an image, only a definition. Publishing a pipeline creates the definition if it is missing or
if the stage's own has changed.
"""

from typing import Any

from aftertrain.aws.client_errors import busy_unless_known
from aftertrain.compiler.jobs.batch import definition_name
from aftertrain.errors import OperatorError

_COPIED = (
    "type",
    "schedulingPriority",
    "containerProperties",
    "propagateTags",
    "platformCapabilities",
    "retryStrategy",
    "timeout",
)


class BatchDefinitions:
    """Derives definitions from the stage's own, whose ARN or name is `like`."""

    def __init__(self, client: Any, prefix: str, like: str) -> None:
        self._client, self._prefix, self._like = client, prefix, like

    def ensure(self, image: str) -> None:
        """Raises: OperatorError if the stage's own definition does not exist; BusyError."""
        name = f"{self._prefix}{definition_name(image)}"
        with busy_unless_known(f"making a job definition for {image}"):
            base = self._newest(self._like.rpartition("/")[2])
            if base is None:
                raise OperatorError(f"the stage's job definition {self._like} does not exist: deploy the stack again")
            fields = {key: base[key] for key in _COPIED if key in base}
            fields["containerProperties"] = fields["containerProperties"] | {"image": image}
            existing = self._newest(name)
            # Batch adds fields of its own.
            if existing is not None and all(_is_subset(fields[key], existing.get(key)) for key in fields):
                return
            self._client.register_job_definition(jobDefinitionName=name, **fields)

    def _newest(self, name: str) -> dict[str, Any] | None:
        """The revision that a submission by name uses; Batch lists revisions in no defined order."""
        pages = self._client.get_paginator("describe_job_definitions").paginate(jobDefinitionName=name, status="ACTIVE")
        definitions = (definition for page in pages for definition in page["jobDefinitions"])
        return max(definitions, key=lambda definition: int(definition["revision"]), default=None)


def _is_subset(expected: Any, actual: Any) -> bool:
    """Whether a value contains all of another one."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        return all(_is_subset(value, actual.get(key)) for key, value in expected.items())
    return bool(expected == actual)
