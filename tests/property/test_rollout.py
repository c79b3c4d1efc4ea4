"""The law of rolling deployments: never below the capacity, and at the end healthy or as before.

The fleet is simulated one level below the replicas: a replica that is being changed does not serve. A fault happens at
any call of any replica: the call fails before or after its effect, or the process dies in it and another one resumes
from the saved state. Only a replica that was down at the beginning may leave a roll-out `failed`, and even then no
other replica is touched that has to serve.
"""

import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Literal

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.property.examples import examples

from aftertrain.fleets.fleet import Release, ReplicaError
from aftertrain.fleets.rollout import Rollout, Terms, next_move
from aftertrain.fleets.run_rollout import RolloutPorts, run_rollout

RELEASE = Release("digits", "v2", "s3://artifacts/model.onnx", ready_timeout=10)
OLD = {"name": "digits", "version": "v1", "uri": "s3://old"}
NEW = RELEASE.assignment()
Fault = Literal["before", "after", "death"]
At = tuple[str, str, int]  # the call, the replica, how often it was called before


class Died(BaseException):
    """The process is dead."""


@dataclass
class Simulated:
    """Replicas with faults. `down` are those that do not serve now, some of them from the beginning."""

    replicas: tuple[str, ...]
    told: dict[str, dict[str, Any] | None]
    faults: dict[At, Fault]
    broken: frozenset[str] = frozenset()
    least: int = 10**6
    down: set[str] = field(default_factory=set)
    calls: Counter[tuple[str, str]] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def serving(self, replica: str, name: str) -> dict[str, Any] | None:
        self._fault("serving", replica, "before")
        return self.told[replica]

    def serves(self, replica: str, name: str) -> bool:
        return self.told[replica] is not None and replica not in self.down

    def update(self, replica: str, release: Release) -> None:
        self._change("update", replica, release.assignment())

    def restore(self, replica: str, release: Release, previous: dict[str, Any] | None) -> None:
        self._change("restore", replica, previous)

    def ready(self, replica: str, timeout: float) -> str | None:
        raise AssertionError("a roll-out does not ask this")

    def _change(self, call: str, replica: str, to: dict[str, Any] | None) -> None:
        at = (call, replica, self.calls[call, replica])
        with self.lock:
            served = self.serves(replica, "digits")
            self.down.add(replica)
            if served:
                self.least = min(self.least, sum(self.serves(each, "digits") for each in self.replicas))
        self._fault(call, replica, "before")
        self.told[replica] = to
        if call == "update" and replica in self.broken:
            raise ReplicaError(f"{replica} does not answer")
        self.down.discard(replica)
        self._raise(at, "after")

    def _fault(self, call: str, replica: str, moment: Fault) -> None:
        at = (call, replica, self.calls[call, replica])
        self.calls[call, replica] += 1
        self._raise(at, moment)
        self._raise(at, "death")

    def _raise(self, at: At, moment: Fault) -> None:
        if self.faults.get(at) == moment:
            if moment == "death":
                raise Died
            raise ReplicaError(f"{at[1]}: {at[0]} failed {moment} its work")


@st.composite
def cases(draw: st.DrawFn) -> tuple[Simulated, Rollout]:
    count = draw(st.integers(1, 6))
    replicas = tuple("abcdef"[:count])
    batch = draw(st.integers(1, count))
    old = draw(st.sampled_from([OLD, None]))
    calls = st.tuples(st.sampled_from(["serving", "update", "restore"]), st.sampled_from(replicas), st.integers(0, 2))
    faults = draw(st.dictionaries(calls, st.sampled_from(["before", "after", "death"]), max_size=2))
    broken = frozenset(draw(st.sets(st.sampled_from(replicas), max_size=1)))
    capacity = draw(st.one_of(st.none(), st.integers(0, count - batch)))
    terms = Terms(batch, capacity, draw(st.sampled_from([0.0, 15.0])), ("p99",))
    out = draw(st.sets(st.sampled_from(replicas), max_size=draw(st.integers(0, 1))))
    return Simulated(replicas, dict.fromkeys(replicas, old), faults, broken, down=out), Rollout(replicas, terms=terms)


@settings(max_examples=examples(300), deadline=None)
@given(cases(), st.lists(st.booleans(), max_size=12))
def test_never_below_the_capacity_and_always_at_an_end(case: tuple[Simulated, Rollout], alarms: list[bool]) -> None:
    fleet, rollout = case
    before, out = dict(fleet.told), set(fleet.down)
    finished = outlived(fleet, rollout, alarms)

    assert next_move(finished) is None
    assert fleet.least >= finished.needed
    if finished.status == "failed":
        assert out, "only where a replica was out before may there be too few to go back"
        return
    assert list(fleet.told.values()) == ([NEW] * len(before) if finished.status == "healthy" else [*before.values()])
    assert fleet.down <= out
    assert not (finished.status == "healthy" and fleet.broken)


def outlived(fleet: Simulated, rollout: Rollout, alarms: list[bool]) -> Rollout:
    """Processes that resume, one after the other, from the state that the previous one has saved."""
    saved = [rollout]
    pending = iter(alarms)
    around = RolloutPorts(
        saved.append, lambda: 1000.0, lambda _: None, lambda _: "p99 is on" if next(pending, False) else None
    )
    while next_move(saved[-1]) is not None:
        try:
            run_rollout(saved[-1], RELEASE, fleet, around)
        except Died:
            continue
    return saved[-1]
