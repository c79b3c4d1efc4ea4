"""The settings of one stage, read from the CDK context: `cdk deploy -c stage=staging -c 'model_buckets=["weights"]'`.

`cdk.json` has the defaults. A stage with an `endpoint` is local: it runs in an emulator, on this Python. The text
below each setting says what it means, what it costs, and what a change does. `docs/pages/settings.py` turns it into the
page of settings.
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

if TYPE_CHECKING:  # importing it starts Node, which building a bundle does not need
    from constructs import Node

AWS_PYTHON = "3.13"
RETENTIONS = (7, 30, 90, 365)  # days


def _parse_bool(value: Any) -> bool:
    """Read a boolean; `-c network_isolation=false` gives a text."""
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
    """A stage."""

    stage: str = "prod"
    """The stage's name, part of every resource's name: 1 to 16 of a-z and 0-9. Cost: each stage is a stack of its own.
    Change: creates another stack; the old one stays.
    """
    endpoint: str | None = None
    """The URL of an AWS emulator, which makes the stage a local one. Cost: none. Change: only for `make demo`."""
    channels: dict[str, Any] = field(default_factory=lambda: {"default": {"kind": "log"}})
    """The notification channels by name; the table below lists their kinds. A channel named `*` is used for every
    unknown name. Cost: the price of SNS, SES or Secrets Manager. Change: takes effect with the deploy.
    """
    model_buckets: tuple[str, ...] = ()
    """The buckets that jobs may read checkpoints and data from, and that policies may look into. Cost: none. Change:
    changes permissions only.
    """
    snapshot_seconds: float = 5.0
    """How long the webhook may use an old snapshot of sources and triggers. Cost: a smaller value reads the registry
    more often. Change: takes effect with the deploy.
    """
    throttle_rate: int = 500
    """Requests per second that the API accepts, per route. Cost: none. Change: takes effect with the deploy."""
    throttle_burst: int = 1000
    """Requests at once that the API accepts, per route. Cost: none. Change: takes effect with the deploy."""
    log_retention_days: int = 30
    """How long logs are kept: 7, 30, 90 or 365 days. Cost: storage in CloudWatch. Change: a smaller value deletes older
    logs.
    """
    alarm_topic: str | None = None
    """The ARN of an SNS topic for alarms. Cost: the price of the topic. Change: takes effect with the deploy."""
    tasks_subnets: tuple[str, ...] = ()
    """The ids of the subnets of the tasks function, so that it reaches the replicas. Set it together with
    `tasks_security_groups`. Cost: a NAT gateway or endpoints, if you do not have them. Change: recreates the
    function's network interfaces.
    """
    tasks_security_groups: tuple[str, ...] = ()
    """The ids of the security groups of the tasks function. Cost: none. Change: takes effect with the deploy."""
    allowed_hosts: tuple[str, ...] = ()
    """Hosts that `http_request` may call although they are not on the public internet. Cost: none. Change: takes effect
    with the deploy.
    """
    account_events: tuple[str, ...] = ()
    """Services whose events on the account's own bus become events of the source `aws`: `aws.s3` (of `model_buckets`),
    `aws.sagemaker`, `aws.batch`. Cost: a queue, and a Lambda call per event. Change: creates or deletes EventBridge
    rules.
    """
    bucket_access: dict[str, dict[str, str]] = field(default_factory=dict)
    """Buckets outside S3 by name: `{"weights": {"endpoint": "https://t3.storage.dev", "secret": "tigris-keys"}}`. The
    secret in Secrets Manager is `{"access_key_id": …, "secret_access_key": …}`. Cost: the price of the secret. Change:
    takes effect with the deploy.
    """
    backends: tuple[str, ...] = ("worker",)
    """Where jobs can run, the default first: `worker`, `batch`, `sagemaker`. Cost: none while no job runs. Change:
    adding one creates its resources; removing one deletes them. Published pipelines keep their backend, so publish them
    again with `aftertrain apply --force`, before a backend is removed with `compute.backend` set to another one.
    """
    worker_pools: tuple[str, ...] = ("default",)
    """The pools of workers; each gets an alarm for jobs that nobody takes. Cost: an alarm per pool. Change: creates or
    deletes alarms.
    """
    compute: dict[str, Any] = field(default_factory=dict)
    """Defaults of a step's `compute`, such as `{"spot": true}`. Cost: none. Change: applies to pipelines published
    afterwards.
    """
    job_image: str = ""
    """The container image of jobs, needed by `batch` and `sagemaker`. Cost: storage in the image repository. Change:
    applies to jobs started afterwards.
    """
    gpu_types: tuple[str, ...] = ()
    """GPU types with queues on Batch; the first is the default: `["L4", "H100"]`. Cost: none while no job runs. Change:
    adds or deletes queues; jobs in a deleted queue fail.
    """
    zones: tuple[str, ...] = ()
    """The availability zones of the jobs' network, such as us-east-1a; by default two of the region. Cost: none.
    Change: adds and removes subnets. New jobs of SageMaker use them when their pipeline is published again.
    """
    max_vcpus: int = 256
    """The largest number of vCPUs of each Batch environment. Cost: bounds the cost of jobs. Change: takes effect with
    the deploy.
    """
    job_disk_gib: int = 200
    """The disk of each Batch machine, in GiB. Cost: EBS storage while a machine runs. Change: applies to machines
    started afterwards.
    """
    network_isolation: bool = True
    """Whether SageMaker's containers have no network. `false` lets them read buckets outside S3. Cost: none. Change:
    applies to pipelines published afterwards.
    """
    fleets: tuple[str, ...] = ()
    """Kinds of clusters besides `oip`: `sagemaker-endpoint`, `ecs`. Cost: none. Change: changes permissions and
    EventBridge rules.
    """
    fleet_roles: tuple[str, ...] = ()
    """The ARNs of the roles that models of endpoints and tasks of services run as. Cost: none. Change: changes
    permissions only.
    """
    cluster_check_minutes: int = 0
    """How often all clusters are checked, in minutes; 0 means never. Cost: a Lambda call per check. Change: creates or
    deletes an EventBridge rule.
    """
    kms_key: str | None = None
    """The ARN of the key for tables, queues, artefacts and SageMaker's disks. Cost: the price of the key and its
    requests. Change: applies to new data; a table keeps its data.
    """
    bucket_keys: tuple[str, ...] = ()
    """The ARNs of the keys of encrypted `model_buckets`. Cost: their requests. Change: changes permissions only."""

    def __post_init__(self) -> None:
        self._check_stage()
        self._check_jobs()
        self._check_zones()
        self._check_keys()
        self._check_account_events()
        check_compute(self.compute)
        check_channels(self.channels)

    def _check_stage(self) -> None:
        # No dash: the resources of stage `a` are found by the prefix `aftertrain-a-`, which those of `a-b` would share.
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

    def _check_zones(self) -> None:
        letters = [zone[-1:] for zone in self.zones]
        if len({*letters}) < len(letters) or not {*letters} <= set("abcdefghijklmn"):
            raise ValueError(f"zones {', '.join(self.zones)}: name each zone once, such as us-east-1a, up to letter n")

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
        """Whether jobs can run on Batch or SageMaker."""
        return bool({"batch", "sagemaker"} & set(self.backends))

    @property
    def prefix(self) -> str:
        """The prefix of the names of resources made at run time: machines, activities."""
        return f"aftertrain-{self.stage}-"

    @property
    def python(self) -> str:
        """The Python version of the functions."""
        return f"{sys.version_info.major}.{sys.version_info.minor}" if self.local else AWS_PYTHON

    @property
    def machine(self) -> str:
        """The processor of the functions, as wheels name it."""
        return platform.machine() if self.local else "aarch64"


def read_settings(node: "Node") -> Settings:
    """The settings in the CDK context; unknown keys are left to CDK."""
    context = {name: node.try_get_context(name) for name in Settings.__dataclass_fields__}
    values = {name: _parse_value(value) for name, value in context.items() if value is not None}
    for name, kind in _PARSERS.items():
        if name in values:
            value = values[name]
            values[name] = (value,) if kind is tuple and isinstance(value, str) else kind(value)
    return Settings(**values)


def _parse_value(value: Any) -> Any:
    """Parse a value of `-c`, which is text; lists and objects are JSON."""
    if isinstance(value, str) and value[:1] in "[{":
        return json.loads(value)
    return value
