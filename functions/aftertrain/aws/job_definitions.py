"""Batch's job definitions for containers that are not the stage's own.

    ensure("team/eval:3")  ->  aftertrain-prod-image-<digest>, the stage's definition with this image

A submission cannot name an image, only a definition. One is made when a pipeline is published, if there is none yet or
the stage's own has changed.
"""

from typing import Any

from aftertrain.aws.faults import busy_unless_known
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
    """Makes definitions after the stage's own, whose ARN or name is `like`."""

    def __init__(self, client: Any, prefix: str, like: str) -> None:
        self._client, self._prefix, self._like = client, prefix, like

    def ensure(self, image: str) -> None:
        """Raises: OperatorError if the stage's own definition is not there; BusyError."""
        name = f"{self._prefix}{definition_name(image)}"
        with busy_unless_known(f"making a job definition for {image}"):
            own = self._newest(self._like.rpartition("/")[2])
            if own is None:
                raise OperatorError(f"the stage's job definition {self._like} is not there: deploy the stack again")
            copied = {key: own[key] for key in _COPIED if key in own}
            copied["containerProperties"] = copied["containerProperties"] | {"image": image}
            there = self._newest(name)
            # Batch adds fields of its own to what it was given.
            if there is not None and all(_within(copied[key], there.get(key)) for key in copied):
                return
            self._client.register_job_definition(jobDefinitionName=name, **copied)

    def _newest(self, name: str) -> dict[str, Any] | None:
        """The revision that a submission by name gets; in which order Batch lists them it does not say."""
        pages = self._client.get_paginator("describe_job_definitions").paginate(jobDefinitionName=name, status="ACTIVE")
        found = (each for page in pages for each in page["jobDefinitions"])
        return max(found, key=lambda each: int(each["revision"]), default=None)


def _within(wanted: Any, there: Any) -> bool:
    """Whether all of a value is there."""
    if isinstance(wanted, dict) and isinstance(there, dict):
        return all(_within(value, there.get(key)) for key, value in wanted.items())
    return bool(wanted == there)
