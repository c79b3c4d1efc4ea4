"""What answering needs, built once per process from the environment."""

import os
from datetime import UTC, datetime
from functools import cache

from aftertrain.aws.approvals import StepFunctionsApprovalAnswers
from aftertrain.aws.clients import slow_client
from aftertrain.aws.registry import DynamoRegistry


@cache
def registry() -> DynamoRegistry:
    """Where the questions are."""
    return DynamoRegistry(slow_client("dynamodb"), os.environ["REGISTRY_TABLE"])


@cache
def answers() -> StepFunctionsApprovalAnswers:
    """The tasks that wait."""
    return StepFunctionsApprovalAnswers(slow_client("stepfunctions"))


def now() -> str:
    """RFC 3339."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
