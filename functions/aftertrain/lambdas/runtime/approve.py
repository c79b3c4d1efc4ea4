"""What answering needs, built once per process from the environment."""

import os
from datetime import UTC, datetime
from functools import cache

from aftertrain.aws.approvals import StepFunctionsAnswers
from aftertrain.aws.clients import patient
from aftertrain.aws.registry import DynamoRegistry


@cache
def registry() -> DynamoRegistry:
    """Where the questions are."""
    return DynamoRegistry(patient("dynamodb"), os.environ["REGISTRY_TABLE"])


@cache
def answers() -> StepFunctionsAnswers:
    """The tasks that wait."""
    return StepFunctionsAnswers(patient("stepfunctions"))


def now() -> str:
    """RFC 3339."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
