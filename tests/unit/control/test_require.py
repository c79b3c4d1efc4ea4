"""Items stored under older rules can be read, and writers who meet try again."""

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from aftertrain.control.ports import StaleError
from aftertrain.control.require import ATTEMPTS, published_definition, retry_stale
from aftertrain.errors import ThrottledError
from aftertrain.model.policy_spec import policies_of


def test_a_definition_that_was_stored_when_types_were_guessed_is_read() -> None:
    step = {"id": "a", "action": "log", "params": {"message": "m"}, "timeout_seconds": "60"}

    assert published_definition({"steps": [step]}).steps[0].timeout_seconds == 60


def test_so_are_the_policies_of_a_trigger() -> None:
    concurrency = policies_of({"concurrency": {"limit": "2", "key": {"path": ["subject"]}}}).concurrency

    assert concurrency is not None
    assert concurrency.limit == 2


def test_twelve_clients_that_create_twenty_triggers_each_all_succeed() -> None:
    """Each commit takes a while, and only one of those that read the same state succeeds. Times are shortened."""
    state, lock, created = {"revision": 0}, threading.Lock(), []

    def create(name: str) -> None:
        def change() -> None:
            revision = state["revision"]
            time.sleep(0.0005)
            with lock:
                if state["revision"] != revision:
                    raise StaleError("somebody else was faster")
                state["revision"] += 1
                created.append(name)

        retry_stale(change, lambda attempt: time.sleep(random.uniform(0, min(0.04, 0.001 * 2**attempt))))

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(lambda client: [create(f"{client}-{number}") for number in range(20)], range(12)))

    assert len({*created}) == len(created) == 240


def test_a_writer_that_never_wins_says_so() -> None:
    pauses: list[int] = []

    def change() -> None:
        raise ThrottledError("throttled")

    with pytest.raises(ThrottledError):
        retry_stale(change, pauses.append)
    assert pauses == list(range(ATTEMPTS - 1))
