"""Fixtures of several folders, and the environment in which handlers and the CDK are imported."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from aftertrain.cli.toolchain import cdk_environment

# What Lambda's configuration says; loggers and metrics are made of it when the handlers are imported.
os.environ.setdefault("POWERTOOLS_SERVICE_NAME", "test")
os.environ.setdefault("POWERTOOLS_METRICS_NAMESPACE", "Test")
os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
# The CDK starts Node as soon as it is imported: the one that came with it, whatever else is installed.
os.environ.update(cdk_environment())

from aftertrain.client import Client
from aftertrain.control.ports import ControlPorts
from tests.api import api_client
from tests.fakes import control_ports

# No test fails because the machine was busy, and CI runs the same examples each time.
settings.register_profile(
    "project", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize="CI" in os.environ
)
settings.load_profile("project")


@pytest.fixture
def ports() -> ControlPorts:
    """Ports of control over fakes."""
    return control_ports()


@pytest.fixture
def client(ports: ControlPorts) -> Iterator[Client]:
    """The SDK, calling the real control handler over fakes."""
    with api_client(ports) as client:
        yield client
