"""Service clients, built once per process.

botocore and not boto3: the webhook pays for its imports at every cold start, and boto3 would add a fifth to them.
"""

from functools import cache
from typing import Any

import botocore.session
from botocore.config import Config

# Two quick tries: a sender waits 10 s at most, and what could not be done is in the queue's hands.
_QUICK = Config(
    connect_timeout=1,
    read_timeout=3,
    retries={"mode": "standard", "total_max_attempts": 2},
    max_pool_connections=16,
)
_PATIENT = Config(connect_timeout=3, read_timeout=20, retries={"mode": "standard", "total_max_attempts": 6})


# A prediction may take a minute, and one that does not come is an answer.
_ASKING = Config(connect_timeout=3, read_timeout=65, retries={"mode": "standard", "total_max_attempts": 2})


@cache
def _session() -> Any:
    return botocore.session.get_session()


@cache
def quick(service: str) -> Any:
    """A client for code that somebody waits for."""
    return _session().create_client(service, config=_QUICK)


def bucket_client(service: str, **options: Any) -> Any:
    """A client of its own for a bucket that may be anywhere."""
    return _session().create_client(service, config=_QUICK, **options)


@cache
def asking(service: str) -> Any:
    """A client for predictions."""
    return _session().create_client(service, config=_ASKING)


@cache
def patient(service: str) -> Any:
    """A client for code that would rather wait than fail."""
    return _session().create_client(service, config=_PATIENT)
