"""Items stored under older rules can still be read."""

from aftertrain.control.require import published_definition
from aftertrain.model.policy_spec import policies_of


def test_a_definition_that_was_stored_when_types_were_guessed_is_read() -> None:
    step = {"id": "a", "action": "log", "params": {"message": "m"}, "timeout_seconds": "60"}

    assert published_definition({"steps": [step]}).steps[0].timeout_seconds == 60


def test_so_are_the_policies_of_a_trigger() -> None:
    concurrency = policies_of({"concurrency": {"limit": "2", "key": {"path": ["subject"]}}}).concurrency

    assert concurrency is not None
    assert concurrency.limit == 2
