"""moto in the place of AWS, and tables as the stack makes them."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import botocore.session
import pytest
from moto import mock_aws
from tests.tables import create_tables

LEDGER, REGISTRY = "ledger", "registry"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Makes a client of a service."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield _session().create_client


@cache
def _session() -> Any:
    """One session for all tests: a new session reads the services' models again, which takes longer than the tests."""
    return botocore.session.Session()


@pytest.fixture
def dynamodb(aws: Any) -> Any:
    """DynamoDB with the two tables."""
    client = aws("dynamodb")
    create_tables(client, LEDGER, REGISTRY)
    return client
