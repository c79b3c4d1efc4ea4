"""Service clients, built once per process.

botocore and not boto3: the webhook pays for its imports at every cold start, and boto3 would add a fifth to them.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import botocore.session
from botocore.config import Config

# Two quick tries: a sender waits 10 s at most, and what could not be done is in the queue's hands.
_FAST = Config(
    connect_timeout=1,
    read_timeout=3,
    retries={"mode": "standard", "total_max_attempts": 2},
    max_pool_connections=16,
)
_SLOW = Config(connect_timeout=3, read_timeout=20, retries={"mode": "standard", "total_max_attempts": 6})


# A prediction may take a minute, and one that does not come is an answer.
_PREDICTION = Config(connect_timeout=3, read_timeout=65, retries={"mode": "standard", "total_max_attempts": 2})


@cache
def _session() -> Any:
    return botocore.session.get_session()


@cache
def fast_client(service: str) -> Any:
    """A client for code that somebody waits for."""
    return _build(service, _FAST)


def bucket_client(service: str, **options: Any) -> Any:
    """A client of its own for a bucket that may be anywhere."""
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
    """What is made here stays: the collector is kept from looking through it, now and ever after (docs/adr/0011)."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
