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
            own = self._active(self._like.rpartition("/")[2])
            if not own:
                raise OperatorError(f"the stage's job definition {self._like} is not there: deploy the stack again")
            copied = {key: own[0][key] for key in _COPIED if key in own[0]}
            copied["containerProperties"] = copied["containerProperties"] | {"image": image}
            there = self._active(name)
            # Batch adds fields of its own to what it was given.
            if there and all(_within(copied[key], there[0].get(key)) for key in copied):
                return
            self._client.register_job_definition(jobDefinitionName=name, **copied)

    def _active(self, name: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._client.describe_job_definitions(
            jobDefinitionName=name, status="ACTIVE", maxResults=1
        )["jobDefinitions"]
        return found


def _within(wanted: Any, there: Any) -> bool:
    """Whether all of a value is there."""
    if isinstance(wanted, dict) and isinstance(there, dict):
        return all(_within(value, there.get(key)) for key, value in wanted.items())
    return bool(wanted == there)
