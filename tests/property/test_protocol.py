"""The protocol keeps its promise in every state, and the model detects protocols that break it."""

import pytest
from tests.property.protocol import Protocol, search


def test_no_acknowledged_event_is_lost_and_none_started_twice() -> None:
    states, broken = search(Protocol())

    assert broken == []
    assert states > 1000, "a model that can do little proves little"


@pytest.mark.parametrize(
    ("mutant", "end"),
    [
        (Protocol(redriven=False), "lost"),
        (Protocol(named=False), "started twice"),
        (Protocol(done_only_if_started=False), "lost"),
    ],
    ids=["put, then start, and nobody drives it again", "a start without a name", "done whether it started or not"],
)
def test_a_planted_fault_is_found(mutant: Protocol, end: str) -> None:
    _, broken = search(mutant)

    assert broken[-1:] == [end]
    assert len(broken) < 12, "the shortest way is short"
