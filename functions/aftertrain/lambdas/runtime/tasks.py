"""What tasks need, built once per process from the environment."""

import json
import os
import secrets
import time
from functools import cache
from typing import Any

from aftertrain.aws.alarms import CloudWatchAlarms
from aftertrain.aws.approvals import RegistryApprovals
from aftertrain.aws.channels import build_channels
from aftertrain.aws.clients import prediction_client, slow_client
from aftertrain.aws.deployments import DynamoDeployments
from aftertrain.aws.emitter import Emitter
from aftertrain.aws.json_objects import S3JsonObjects
from aftertrain.aws.registry import DynamoRegistry
from aftertrain.aws.service_fleets import ServiceFleets
from aftertrain.aws.task_tokens import StepFunctionsTaskTokens
from aftertrain.fleets.json_http import JsonHttp
from aftertrain.lambdas.observability import logger
from aftertrain.lambdas.runtime import ingest
from aftertrain.tasks.ports import TaskPorts


@cache
def ports() -> TaskPorts:
    """The ports of tasks: deployments, objects, inference servers, channels and the rest."""
    registry = DynamoRegistry(slow_client("dynamodb"), os.environ["REGISTRY_TABLE"])
    calls = JsonHttp()
    return TaskPorts(
        deployments=DynamoDeployments(registry),
        objects=S3JsonObjects(slow_client("s3")),
        calls=calls,
        channels=build_channels(json.loads(os.environ["CHANNELS"]), _log, slow_client),
        log=_log,
        clock=time.time,
        sleep=time.sleep,
        emit=Emitter(ingest.ports(), ingest.snapshot().get),
        approvals=RegistryApprovals(registry),
        approvals_url=os.environ["APPROVALS_URL"],
        allowed_hosts=frozenset(json.loads(os.environ["ALLOWED_HOSTS"])),
        secret=lambda: secrets.token_urlsafe(32),
        answers=StepFunctionsTaskTokens(slow_client("stepfunctions")),
        service_fleet=ServiceFleets(slow_client, prediction_client, calls, os.environ["ENDPOINT_PREFIX"]),
        alarm=_alarm,
    )


def _alarm(names: tuple[str, ...]) -> str | None:
    return CloudWatchAlarms(slow_client("cloudwatch"))(names)


def _log(level: str, message: str, details: dict[str, Any]) -> None:
    getattr(logger, level)(message, extra=details)
