"""Rolling deployments: what happens to replicas when one of them, or the process, fails."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes import FakeFleet

from aftertrain.errors import BusyError
from aftertrain.fleets.fleet import Release
from aftertrain.fleets.roll import RolloutUnfinishedError, roll
from aftertrain.fleets.rollout import Rollout, next_move

RELEASE = Release("digits", "v2", "s3://artifacts/model.onnx", ready_timeout=10)
OLD: dict[str, Any] = {"name": "digits", "version": "v1", "uri": "s3://old"}


def rolled(fleet: FakeFleet, rollout: Rollout | None = None) -> tuple[Rollout, list[Rollout]]:
    saved: list[Rollout] = []
    return roll(rollout or Rollout(fleet.replicas), RELEASE, fleet, saved.append, lambda: 1000.0), saved


def test_replicas_are_updated_one_after_the_other() -> None:
    fleet = FakeFleet(serves=dict.fromkeys("abc", OLD))
    rollout, _ = rolled(fleet)

    assert rollout.status == "healthy"
    assert fleet.moves == [("update", "a"), ("update", "b"), ("update", "c")]
    assert set(map(str, fleet.serves.values())) == {str(RELEASE.assignment())}


def test_a_replica_that_fails_takes_those_before_it_back() -> None:
    fleet = FakeFleet(serves=dict.fromkeys("abc", OLD), broken={("update", "b")})
    rollout, _ = rolled(fleet)

    assert (rollout.status, rollout.reason) == ("rolled_back", "b is broken")
    assert fleet.moves == [("update", "a"), ("update", "b"), ("restore", "b"), ("restore", "a")]
    assert fleet.serves == dict.fromkeys("abc", OLD)


def test_what_served_nothing_serves_nothing_again() -> None:
    fleet = FakeFleet(broken={("update", "c")})
    rollout, _ = rolled(fleet)

    assert rollout.status == "rolled_back"
    assert set(fleet.serves.values()) == {None}


def test_a_replica_that_cannot_be_brought_back_needs_a_person() -> None:
    fleet = FakeFleet(broken={("update", "b"), ("restore", "a")})
    rollout, _ = rolled(fleet)

    assert (rollout.status, rollout.reason) == ("failed", "b is broken; and then: a stays broken")


@pytest.mark.parametrize("broken", [set(), {("update", "c")}, {("update", "b")}, {("update", "a")}])
def test_a_roll_out_goes_on_from_any_state_that_was_saved(broken: set[tuple[str, str]]) -> None:
    expected, states = rolled(FakeFleet(serves=dict.fromkeys("abc", OLD), broken=broken))
    for state in states:
        fleet = FakeFleet(serves=dict.fromkeys("abc", OLD), broken=broken)
        resumed, _ = rolled(fleet, state)
        assert resumed == expected


def test_no_move_is_begun_that_there_is_no_time_for() -> None:
    fleet, times = FakeFleet(), iter([1000.0, 1000.0, 1000.0, 129.0])
    saved: list[Rollout] = []
    with pytest.raises(RolloutUnfinishedError, match="1 of 3"):
        roll(Rollout(fleet.replicas), RELEASE, fleet, saved.append, lambda: next(times))
    rollout, _ = rolled(fleet, saved[-1])

    assert rollout.status == "healthy"
    assert fleet.moves == [("update", "a"), ("update", "b"), ("update", "c")]


def test_a_bucket_that_does_not_answer_rolls_back_as_well() -> None:
    class Unwritable(FakeFleet):
        def update(self, replica: str, release: Release) -> None:
            if replica == "b":
                raise BusyError("writing s3://x: SlowDown")
            super().update(replica, release)

    fleet = Unwritable(serves=dict.fromkeys("abc", OLD))
    rollout, _ = rolled(fleet)

    assert (rollout.status, fleet.serves) == ("rolled_back", dict.fromkeys("abc", OLD))


@given(st.integers(1, 6), st.sets(st.tuples(st.sampled_from(["update", "restore"]), st.sampled_from("abcdef"))))
def test_a_roll_out_ends_and_never_leaves_replicas_mixed_unless_it_says_failed(
    count: int, broken: set[tuple[str, str]]
) -> None:
    replicas = tuple("abcdef"[:count])
    fleet = FakeFleet(replicas, dict.fromkeys(replicas, OLD), broken)
    rollout, saved = rolled(fleet)

    assert next_move(rollout) is None
    assert len(saved) <= 3 * count + 1
    versions = {serves["version"] for serves in fleet.serves.values() if serves}
    assert versions == {"healthy": {"v2"}, "rolled_back": {"v1"}}.get(rollout.status, versions)
