"""The cost of a client to a function, at its start and later."""

import gc
from collections.abc import Iterator

import pytest
from botocore.retries.standard import ThrottledRetryableChecker

from aftertrain.aws import clients
from aftertrain.aws.client_errors import THROTTLED


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The work of the garbage collector, at its usual frequency."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    before, seen = gc.get_threshold(), list[str]()

    def note(phase: str, _about: dict[str, int]) -> None:
        seen.append(phase)

    gc.set_threshold(700, 10, 10)
    gc.callbacks.append(note)
    yield seen
    gc.callbacks.remove(note)
    gc.set_threshold(*before)
    gc.unfreeze()


def test_the_collector_does_not_look_at_clients(looks: list[str]) -> None:
    gc.collect()
    looks.clear()

    client = clients.bucket_client("sqs")

    assert looks == []
    assert gc.isenabled()
    assert not any(each is client for each in gc.get_objects())


def test_throttling_is_what_botocore_knows_as_such() -> None:
    assert set(ThrottledRetryableChecker._THROTTLED_ERROR_CODES) <= THROTTLED
