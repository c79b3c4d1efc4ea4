"""A change of one setting replaces nothing: CloudFormation makes the new resource before it deletes the old one.

The properties that cannot be changed come from the resource schemas that cfn-lint ships.
"""

from dataclasses import replace
from functools import cache
from ipaddress import ip_network
from typing import Any

import pytest
from aws_cdk import App
from aws_cdk.assertions import Template
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER
from infra.settings import Settings
from infra.stack import AftertrainStack
from tests.infra.job_backends import WITH_BACKENDS

KEY = "arn:aws:kms:us-east-1:123456789012:key/a-b"
# Changes of settings, several at once where they concern different resources: making a stack takes seconds. `stage` is
# left out, since another stage is another stack, and so is `endpoint`: no stage moves to an emulator.
CHANGES: dict[str, dict[str, Any]] = {
    "zones": {"zones": ("us-east-1a", "us-east-1b")},
    "no zones": {"zones": ()},
    "jobs": {
        "gpu_types": ("L4", "A10G"),
        "job_image": "REPOSITORY/aftertrain-jobs:2",
        "job_disk_gib": 500,
        "max_vcpus": 512,
        "compute": {"spot": False},
        "network_isolation": False,
    },
    "backends": {"backends": ("batch", "worker"), "worker_pools": ("default", "box")},
    "keys": {"kms_key": KEY, "bucket_keys": (KEY,)},
    "permissions": {
        "model_buckets": ("other",),
        "bucket_access": {},
        "fleets": ("ecs",),
        "fleet_roles": (),
        "channels": {"team": {"kind": "email", "from": "ml@example.org"}},
    },
    "the rest": {
        "cluster_check_minutes": 0,
        "account_events": ("aws.batch",),
        "log_retention_days": 365,
        "throttle_rate": 7,
        "throttle_burst": 9,
        "snapshot_seconds": 1.0,
        "alarm_topic": "arn:aws:sns:us-east-1:123456789012:alarms",
    },
}
# These are made anew with every change of what they stand for, as they are meant to be; nothing holds on to them.
MADE_ANEW = {"AWS::Lambda::Permission", "AWS::Lambda::EventSourceMapping"}


@cache
def create_only(kind: str) -> tuple[tuple[str, ...], ...]:
    """The paths of the properties that no update can change."""
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema
    paths = schema.get("createOnlyProperties", ())
    return tuple(tuple(path.removeprefix("/properties/").split("/")) for path in paths)


def value_at(value: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


@pytest.fixture(scope="module")
def resources_of(tmp_path_factory: pytest.TempPathFactory) -> Any:
    bundle = tmp_path_factory.mktemp("bundle")
    (bundle / "x.py").write_text("")

    @cache
    def synthesise(change: str) -> dict[str, Any]:
        settings = replace(WITH_BACKENDS, **CHANGES.get(change, {}))
        stack = AftertrainStack(App(), "Aftertrain-gpu", settings=settings, bundle=bundle)
        found: dict[str, Any] = Template.from_stack(stack).to_json()["Resources"]
        return found

    return synthesise


def replaced(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """The resources that change in a property that cannot be changed."""
    return [
        f"{name}: {'.'.join(path)}"
        for name, resource in before.items()
        if name in after and resource["Type"] not in MADE_ANEW
        for path in create_only(resource["Type"])
        if value_at(resource.get("Properties", {}), path) != value_at(after[name].get("Properties", {}), path)
    ]


def overlaps(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """New subnets whose range is taken by a subnet that is deleted after them."""

    def ranges(resources: dict[str, Any]) -> dict[str, Any]:
        subnets = {name: each for name, each in resources.items() if each["Type"] == "AWS::EC2::Subnet"}
        return {name: ip_network(each["Properties"]["CidrBlock"]) for name, each in subnets.items()}

    standing, wanted = ranges(before), ranges(after)
    return [
        name
        for name, network in wanted.items()
        if name not in standing and any(network.overlaps(other) for other in standing.values())
    ]


@pytest.mark.parametrize("change", list(CHANGES))
def test_a_change_of_a_setting_and_its_undoing_replace_nothing(change: str, resources_of: Any) -> None:
    base, changed = resources_of("base"), resources_of(change)

    assert replaced(base, changed) == replaced(changed, base) == []
    assert overlaps(base, changed) == overlaps(changed, base) == []


def test_every_setting_of_a_stage_is_tried() -> None:
    apart = {"stage", "endpoint", "tasks_subnets", "tasks_security_groups", "allowed_hosts"}
    tried = {name for changes in CHANGES.values() for name in changes}

    assert Settings.__dataclass_fields__.keys() - apart == tried


def test_a_moved_subnet_would_be_found() -> None:
    subnet = {"Type": "AWS::EC2::Subnet", "Properties": {"AvailabilityZone": "a", "CidrBlock": "10.0.0.0/17"}}
    moved = {"Type": "AWS::EC2::Subnet", "Properties": {"AvailabilityZone": "a", "CidrBlock": "10.0.0.0/18"}}

    assert replaced({"S": subnet}, {"S": moved}) == ["S: CidrBlock"]
    assert overlaps({"S": subnet}, {"T": moved}) == ["T"]
