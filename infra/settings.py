"""What one stage is like, read from the CDK context: `cdk deploy -c stage=staging -c 'model_buckets=["weights"]'`.

`cdk.json` has the defaults. A stage with an `endpoint` is local: it runs in an emulator, on the interpreter at hand.
"""

import json
import platform
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aftertrain.model.instances import GPU_TYPES
from infra.check_settings import check_channels, check_compute

if TYPE_CHECKING:  # importing it starts Node, which who only builds a bundle does not need
    from constructs import Node

AWS_PYTHON = "3.13"
RETENTIONS = (7, 30, 90, 365)  # days


def _parse_bool(value: Any) -> bool:
    """`-c network_isolation=false` comes as text."""
    return str(value).lower() == "true"


_PARSERS: dict[str, Callable[[Any], Any]] = {
    "model_buckets": tuple,
    "bucket_keys": tuple,
    "tasks_subnets": tuple,
    "tasks_security_groups": tuple,
    "allowed_hosts": tuple,
    "account_events": tuple,
    "bucket_access": dict,
    "backends": tuple,
    "worker_pools": tuple,
    "compute": dict,
    "gpu_types": tuple,
    "zones": tuple,
    "max_vcpus": int,
    "job_disk_gib": int,
    "network_isolation": _parse_bool,
    "fleets": tuple,
    "fleet_roles": tuple,
    "cluster_check_minutes": int,
    "snapshot_seconds": float,
    "throttle_rate": int,
    "throttle_burst": int,
    "log_retention_days": int,
}


@dataclass(frozen=True, slots=True)
class Settings:
    """A stage.

    `channels`: as in `aftertrain.aws.channels`. `model_buckets`: what jobs may read checkpoints and data from.
    `tasks_subnets`, `tasks_security_groups`: put the tasks function into a VPC. `allowed_hosts`: hosts that
    http_request may call although they are not on the public internet. `throttle_rate`, `throttle_burst`: bound the
    webhook, in requests per second. `account_events`: services whose events on the account's own bus are taken in, such
    as aws.s3, aws.sagemaker and aws.batch; of S3 those of `model_buckets`. `bucket_access`: endpoint and secret of the
    buckets that are not in S3, by their names. `alarm_topic`: the ARN of an SNS topic that alarms go to.
    `backends`: where jobs run: worker, batch, sagemaker; `worker_pools`: those in which an alarm misses workers;
    `compute`: what holds for jobs that do not say. `job_image`: the container of jobs. `gpu_types`: of Batch's queues;
    `zones`: the availability zones of the jobs' network; `max_vcpus`, `job_disk_gib`: of each of its environments.
    `network_isolation`: of SageMaker's containers. `fleets`: the kinds of clusters besides `oip` that deployments go
    to, sagemaker-endpoint and ecs; `fleet_roles`: the roles that their models and tasks run as.
    `kms_key`: the ARN of the key that what is kept is encrypted with; `bucket_keys`: those that model buckets are.
    `cluster_check_minutes`: how often the clusters are looked at, so that a change becomes an event; 0 for never.
    """

    stage: str = "prod"
    endpoint: str | None = None
    channels: dict[str, Any] = field(default_factory=lambda: {"default": {"kind": "log"}})
    model_buckets: tuple[str, ...] = ()
    snapshot_seconds: float = 5.0
    throttle_rate: int = 500
    throttle_burst: int = 1000
    log_retention_days: int = 30
    alarm_topic: str | None = None
    tasks_subnets: tuple[str, ...] = ()
    tasks_security_groups: tuple[str, ...] = ()
    allowed_hosts: tuple[str, ...] = ()
    account_events: tuple[str, ...] = ()
    bucket_access: dict[str, dict[str, str]] = field(default_factory=dict)
    backends: tuple[str, ...] = ("worker",)
    worker_pools: tuple[str, ...] = ("default",)
    compute: dict[str, Any] = field(default_factory=dict)
    job_image: str = ""
    gpu_types: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()
    max_vcpus: int = 256
    job_disk_gib: int = 200
    network_isolation: bool = True
    fleets: tuple[str, ...] = ()
    fleet_roles: tuple[str, ...] = ()
    cluster_check_minutes: int = 0
    kms_key: str | None = None
    bucket_keys: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self._check_stage()
        self._check_jobs()
        self._check_keys()
        self._check_account_events()
        check_compute(self.compute)
        check_channels(self.channels)

    def _check_stage(self) -> None:
        # No dash: what is of the stage `a` is found by the prefix `aftertrain-a-`, with which `a-b` would start too.
        if not re.fullmatch(r"[a-z0-9]{1,16}", self.stage):
            raise ValueError(f"stage {self.stage!r}: use 1 to 16 of a-z and 0-9, since it is part of every name")
        if self.log_retention_days not in RETENTIONS:
            raise ValueError(
                f"log_retention_days {self.log_retention_days}: use one of {', '.join(map(str, RETENTIONS))}"
            )
        if bool(self.tasks_subnets) != bool(self.tasks_security_groups):
            raise ValueError("set both tasks_subnets and tasks_security_groups, or neither")

    def _check_jobs(self) -> None:
        if set(self.backends) - {"worker", "batch", "sagemaker"}:
            raise ValueError(f"backends {', '.join(self.backends)}: use worker, batch or sagemaker")
        if self.runs_service_jobs and not self.job_image:
            raise ValueError("job_image: batch and sagemaker need the URI of a container image")
        if unknown := set(self.gpu_types) - set(GPU_TYPES):
            raise ValueError(f"gpu_types {', '.join(sorted(unknown))}: use {', '.join(GPU_TYPES)}")
        if set(self.fleets) - {"sagemaker-endpoint", "ecs"}:
            raise ValueError(f"fleets {', '.join(self.fleets)}: use sagemaker-endpoint or ecs; oip is always available")

    def _check_keys(self) -> None:
        for key in (*([self.kms_key] if self.kms_key is not None else []), *self.bucket_keys):
            if not re.fullmatch(r"arn:aws[a-z-]*:kms:[^:]+:\d{12}:key/[\w-]+", key):
                raise ValueError(f"kms_key, bucket_keys: {key!r} is not arn:aws:kms:REGION:ACCOUNT:key/ID")

    def _check_account_events(self) -> None:
        for service in self.account_events:
            if not service.startswith("aws."):
                raise ValueError(f"account_events {service!r}: use names such as aws.s3, aws.sagemaker and aws.batch")
        if "aws.s3" in self.account_events and not self.model_buckets:
            raise ValueError("account_events: aws.s3 needs model_buckets, whose events it takes in")

    @property
    def local(self) -> bool:
        """Whether the stage runs in an emulator."""
        return self.endpoint is not None

    @property
    def runs_service_jobs(self) -> bool:
        """Whether jobs run on more than workers."""
        return bool({"batch", "sagemaker"} & set(self.backends))

    @property
    def prefix(self) -> str:
        """What the names of everything that is made at run time start with: machines, activities."""
        return f"aftertrain-{self.stage}-"

    @property
    def python(self) -> str:
        """The version of the functions' interpreter."""
        return f"{sys.version_info.major}.{sys.version_info.minor}" if self.local else AWS_PYTHON

    @property
    def machine(self) -> str:
        """The processor that the functions run on, as wheels name it."""
        return platform.machine() if self.local else "aarch64"


def read_settings(node: "Node") -> Settings:
    """The settings of the stage that the context asks for; a key that does not exist is left to CDK."""
    context = {name: node.try_get_context(name) for name in Settings.__dataclass_fields__}
    values = {name: _parse_value(value) for name, value in context.items() if value is not None}
    for name, kind in _PARSERS.items():
        if name in values:
            value = values[name]
            values[name] = (value,) if kind is tuple and isinstance(value, str) else kind(value)
    return Settings(**values)


def _parse_value(value: Any) -> Any:
    """`-c` gives every value as text; lists and objects come as JSON."""
    if isinstance(value, str) and value[:1] in "[{":
        return json.loads(value)
    return value
