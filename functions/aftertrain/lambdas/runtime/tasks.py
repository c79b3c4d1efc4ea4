"""What tasks need, built once per process from the environment."""

import json
import os
import secrets
import time
from functools import cache
from typing import Any

from aftertrain.aws.alarms import CloudWatchAlarms
from aftertrain.aws.answers import TaskAnswers
from aftertrain.aws.approvals import RegistryApprovals
from aftertrain.aws.channels import build_channels
from aftertrain.aws.clients import asking, patient
from aftertrain.aws.deployments import DynamoDeployments
from aftertrain.aws.emitter import Emitter
from aftertrain.aws.objects import S3Objects
from aftertrain.aws.registry import DynamoRegistry
from aftertrain.aws.service_fleets import ServiceFleets
from aftertrain.fleets.http import Http
from aftertrain.lambdas.observability import logger
from aftertrain.lambdas.runtime import ingest
from aftertrain.tasks.ports import Ports


@cache
def ports() -> Ports:
    """Deployments, objects, inference servers and channels."""
    registry = DynamoRegistry(patient("dynamodb"), os.environ["REGISTRY_TABLE"])
    calls = Http()
    return Ports(
        deployments=DynamoDeployments(registry),
        objects=S3Objects(patient("s3")),
        calls=calls,
        channels=build_channels(json.loads(os.environ["CHANNELS"]), _log, patient),
        log=_log,
        clock=time.time,
        sleep=time.sleep,
        emit=Emitter(ingest.ports(), ingest.snapshot().get),
        approvals=RegistryApprovals(registry),
        approvals_url=os.environ["APPROVALS_URL"],
        allowed_hosts=frozenset(json.loads(os.environ["ALLOWED_HOSTS"])),
        secret=lambda: secrets.token_urlsafe(32),
        answers=TaskAnswers(patient("stepfunctions")),
        service_fleet=ServiceFleets(patient, asking, calls, os.environ["ENDPOINT_PREFIX"]),
        alarm=_alarm,
    )


def _alarm(names: tuple[str, ...]) -> str | None:
    return CloudWatchAlarms(patient("cloudwatch"))(names)


def _log(level: str, message: str, details: dict[str, Any]) -> None:
    getattr(logger, level)(message, extra=details)
