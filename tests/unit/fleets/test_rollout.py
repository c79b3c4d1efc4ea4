"""Rolling deployments: the fate of replicas when one of them, an alarm, or the process fails."""

from collections.abc import Iterator
from typing import Any

import pytest
from tests.fakes import FakeFleet

from aftertrain.errors import BusyError
from aftertrain.fleets.fleet import Release
from aftertrain.fleets.rollout import Rollout, Terms
from aftertrain.fleets.run_rollout import RolloutPorts, RolloutUnfinishedError, run_rollout

RELEASE = Release("digits", "v2", "s3://artifacts/model.onnx", ready_timeout=10)
OLD: dict[str, Any] = {"name": "digits", "version": "v1", "uri": "s3://old"}


def rolled(
    fleet: FakeFleet, rollout: Rollout | None = None, alarms: Iterator[str | None] | None = None
) -> tuple[Rollout, list[Rollout]]:
    saved: list[Rollout] = []
    given = alarms or iter([])
    around = RolloutPorts(saved.append, lambda: 1000.0, lambda _: None, lambda _: next(given, None))
    return run_rollout(rollout or Rollout(fleet.replicas), RELEASE, fleet, around), saved


def test_replicas_are_updated_one_after_the_other() -> None:
    fleet = FakeFleet(told=dict.fromkeys("abc", OLD))
    rollout, _ = rolled(fleet)

    assert rollout.status == "healthy"
    assert fleet.moves == [("update", "a"), ("update", "b"), ("update", "c")]
    assert set(map(str, fleet.told.values())) == {str(RELEASE.assignment())}


def test_batches_go_forward_and_back() -> None:
    replicas = tuple("abcde")
    fleet = FakeFleet(replicas, dict.fromkeys(replicas, OLD), {("update", "e")})
    rollout, saved = rolled(fleet, Rollout(replicas, terms=Terms(batch=2, capacity=3)))

    assert [(state.begun, state.updated) for state in saved[:6]] == [(0, 0), (2, 0), (2, 2), (4, 2), (4, 4), (5, 4)]
    assert rollout.status == "rolled_back"
    assert [sorted(move) for move in (fleet.moves[5:6], fleet.moves[6:8], fleet.moves[8:])] == [
        [("restore", "e")],
        [("restore", "c"), ("restore", "d")],
        [("restore", "a"), ("restore", "b")],
    ]
    assert fleet.told == dict.fromkeys(replicas, OLD)


def test_a_replica_that_fails_takes_those_before_it_back() -> None:
    fleet = FakeFleet(told=dict.fromkeys("abc", OLD), broken={("update", "b")})
    rollout, _ = rolled(fleet)

    assert (rollout.status, rollout.reason) == ("rolled_back", "b is broken")
    assert fleet.moves == [("update", "a"), ("update", "b"), ("restore", "b"), ("restore", "a")]
    assert fleet.told == dict.fromkeys("abc", OLD)


def test_what_served_nothing_serves_nothing_again() -> None:
    fleet = FakeFleet(broken={("update", "c")})
    rollout, _ = rolled(fleet)

    assert rollout.status == "rolled_back"
    assert set(fleet.told.values()) == {None}


def test_a_replica_that_cannot_be_brought_back_needs_a_person() -> None:
    fleet = FakeFleet(told=dict.fromkeys("abc", OLD), broken={("update", "b"), ("restore", "a")})
    rollout, _ = rolled(fleet)

    assert (rollout.status, rollout.reason) == ("failed", "b is broken; and then: a stays broken")
    assert fleet.moves.count(("restore", "a")) == 3


def test_nothing_is_touched_while_too_few_others_serve() -> None:
    fleet = FakeFleet(told=dict.fromkeys("abc", OLD), broken={("serves", "c")})
    rollout, _ = rolled(fleet, Rollout(fleet.replicas, terms=Terms(capacity=2)))

    assert (rollout.status, rollout.reason) == ("rolled_back", "only 1 of 2 needed replicas serve besides a")
    assert fleet.moves == []


def test_going_back_holds_the_capacity_as_well() -> None:
    """One replica has gone away meanwhile. The updated one is the only one that serves, and stays as it is."""
    fleet = FakeFleet(told=dict.fromkeys("abc", OLD), broken={("update", "b"), ("restore", "b"), ("serves", "b")})
    state = Rollout(("a", "b", "c"), terms=Terms(capacity=1), status="rolling", previous=(OLD,) * 3, begun=2, updated=1)
    fleet.broken.add(("serves", "c"))
    rollout, _ = rolled(fleet, state)

    assert rollout.status == "failed"
    assert ("restore", "a") not in fleet.moves


def test_a_replica_that_does_not_serve_may_always_be_touched() -> None:
    fleet = FakeFleet(("a", "b"), {"a": OLD, "b": OLD}, {("serves", "a"), ("serves", "b")})
    rollout, _ = rolled(fleet, Rollout(fleet.replicas, terms=Terms(capacity=2)))

    assert rollout.status == "healthy"


def test_an_alarm_before_the_first_replica_leaves_all_as_they_are() -> None:
    fleet = FakeFleet(told=dict.fromkeys("abc", OLD))
    rollout, _ = rolled(fleet, Rollout(fleet.replicas, terms=Terms(alarms=("p99",))), iter(["p99 is on"]))

    assert (rollout.status, rollout.reason) == ("rolled_back", "p99 is on")
    assert fleet.told == dict.fromkeys("abc", OLD)


def test_an_alarm_while_a_batch_is_watched_takes_it_back() -> None:
    fleet = FakeFleet(told=dict.fromkeys("abc", OLD))
    terms = Terms(alarms=("p99",), bake_seconds=25)
    rollout, _ = rolled(fleet, Rollout(fleet.replicas, terms=terms), iter([None, None, None, "p99 is on"]))

    assert (rollout.status, rollout.reason) == ("rolled_back", "p99 is on")
    assert fleet.moves == [("update", "a"), ("restore", "a")]


def test_the_last_batch_is_watched_as_well() -> None:
    fleet = FakeFleet(("a",), {"a": OLD})
    rollout, saved = rolled(fleet, Rollout(("a",), terms=Terms(bake_seconds=10, alarms=("p99",))))

    assert [state.status for state in saved] == ["rolling", "rolling", "rolling", "healthy"]
    assert rollout.baked == 1


def test_removing_keeps_those_that_stay() -> None:
    fleet = FakeFleet(told=dict.fromkeys("abc", OLD))
    rollout, _ = rolled(fleet, Rollout(("b", "c"), ("a",), removes=True, terms=Terms(capacity=1)))

    assert rollout.status == "healthy"
    assert fleet.told == {"a": OLD, "b": None, "c": None}


@pytest.mark.parametrize("broken", [set(), {("update", "c")}, {("update", "b")}, {("update", "a")}])
def test_a_roll_out_goes_on_from_any_state_that_was_saved(broken: set[tuple[str, str]]) -> None:
    expected, states = rolled(FakeFleet(told=dict.fromkeys("abc", OLD), broken=broken))
    for state in states:
        fleet = FakeFleet(told=dict.fromkeys("abc", OLD), broken=broken)
        resumed, _ = rolled(fleet, state)
        assert resumed == expected


def test_no_move_is_begun_that_there_is_no_time_for() -> None:
    fleet, times = FakeFleet(), iter([1000.0, 1000.0, 1000.0, 1000.0, 129.0])
    saved: list[Rollout] = []
    around = RolloutPorts(saved.append, lambda: next(times), lambda _: None, lambda _: None)
    with pytest.raises(RolloutUnfinishedError, match="1 of 3"):
        run_rollout(Rollout(fleet.replicas), RELEASE, fleet, around)
    rollout, _ = rolled(fleet, saved[-1])

    assert rollout.status == "healthy"
    assert fleet.moves == [("update", "a"), ("update", "b"), ("update", "c")]


def test_a_bucket_that_does_not_answer_rolls_back_as_well() -> None:
    class Unwritable(FakeFleet):
        def update(self, replica: str, release: Release) -> None:
            if replica == "b":
                raise BusyError("writing s3://x: SlowDown")
            super().update(replica, release)

    fleet = Unwritable(told=dict.fromkeys("abc", OLD))
    rollout, _ = rolled(fleet)

    assert (rollout.status, fleet.told) == ("rolled_back", dict.fromkeys("abc", OLD))
