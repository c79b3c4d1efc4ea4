"""Service clients, built once per process.

They are botocore's, not boto3's: the webhook pays for its imports at every cold start, and boto3 would add a fifth.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import botocore.session
from botocore.config import Config

# Two quick attempts: a sender waits at most 10 s, and the queue retries the rest.
_FAST = Config(
    connect_timeout=1,
    read_timeout=3,
    retries={"mode": "standard", "total_max_attempts": 2},
    max_pool_connections=16,
)
_SLOW = Config(connect_timeout=3, read_timeout=20, retries={"mode": "standard", "total_max_attempts": 6})


# A prediction may take a minute, and a missing one is an answer.
_PREDICTION = Config(connect_timeout=3, read_timeout=65, retries={"mode": "standard", "total_max_attempts": 2})


@cache
def _session() -> Any:
    return botocore.session.get_session()


@cache
def fast_client(service: str) -> Any:
    """A client for code on which a caller waits."""
    return _build(service, _FAST)


def bucket_client(service: str, **options: Any) -> Any:
    """A client with its own options, for a bucket at any endpoint."""
    return _build(service, _FAST, **options)


@cache
def prediction_client(service: str) -> Any:
    """A client for predictions."""
    return _build(service, _PREDICTION)


@cache
def slow_client(service: str) -> Any:
    """A client for code that would rather wait than fail."""
    return _build(service, _SLOW)


def _build(service: str, config: Config, **options: Any) -> Any:
    with _frozen_from_collector():
        return _session().create_client(service, config=config, **options)


@contextmanager
def _frozen_from_collector() -> Iterator[None]:
    """Keep the garbage collector from scanning the new objects, now and later; they live forever (docs/adr/0011)."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
