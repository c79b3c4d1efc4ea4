"""The law of roll-outs by a service: healthy, or as before, whatever fails and whoever dies.

The service is simulated: it takes its time, rolls back by itself, stops half-way or never arrives. Any call is refused,
is not answered, or has its effect while the answer is lost. The process dies at any call, before or after it. The next
process resumes from the saved state, as a retry of the step and news of the service do.
"""

from dataclasses import dataclass, field
from typing import Literal, TypeVar

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.property.examples import examples

from aftertrain.errors import BusyError, OperatorError
from aftertrain.fleets.fleet import Release, ReplicaError
from aftertrain.fleets.rollout import Terms
from aftertrain.fleets.service_fleet import ServiceState
from aftertrain.fleets.service_rollout import RolloutContext, ServiceRollout, advance

RELEASE = Release("digits", "v2", "s3://artifacts/model.tar.gz", {"inputs": []})
T = TypeVar("T")
Fate = Literal["arrives", "goes back", "hangs"]
FOR_EVER = 10**6  # looks
Fault = Literal["refused", "busy", "lost", "lost, then refused", "death", "death after"]


class Died(BaseException):
    """The process is dead."""


Standing = tuple[str | None, int]  # what is served, by how many


@dataclass
class Simulated:
    """A service that needs a few looks to reach `standing`. `fates` are the ends of its changes."""

    standing: Standing
    faults: dict[int, Fault]
    fates: list[Fate]
    sound: bool
    interruptible: bool
    came_from: Standing = (None, 0)
    moving: int = 0
    calls: int = 0
    spoilt: list[int] = field(default_factory=list)

    resource: str = "endpoint"
    urls: list[str] = field(default_factory=list)

    def look(self) -> ServiceState:
        self._before()
        target, desired = self.standing
        if self.moving:
            self.moving -= 1
            if not self.moving:
                self._arrive()
            return self._after(ServiceState("moving", target, desired=desired))
        return self._after(ServiceState("missing" if target is None else "settled", target, desired, desired))

    def prepare(self, release: Release, size: int | None) -> str:
        self._before()
        return self._after(release.version)

    def shift(self, target: str, size: int | None, terms: Terms) -> None:
        self._go((target, size or self.standing[1] or 1))

    def go_back(self, target: str, size: int, terms: Terms) -> None:
        assert terms.alarms == ()
        self._go((target, size))

    def resize(self, size: int) -> None:
        self._go((self.standing[0], size))

    def remove(self) -> None:
        self._before()
        self.standing, self.moving = (None, 0), 0
        self._after(None)

    def tidy(self, kept: frozenset[str]) -> None:
        raise AssertionError("a shift leaves that to the task")

    def probe(self, release: Release) -> None:
        self._before()
        if not self.sound:
            raise ReplicaError("no finite outputs")
        self._after(None)

    def _go(self, to: Standing) -> None:
        self._before()
        if self.moving and not self.interruptible:
            raise OperatorError("the service is being updated")
        self.came_from, self.standing = self.standing, to
        self.moving = 2
        if self.fates and self.fates[0] == "hangs":
            self.moving, _ = FOR_EVER, self.fates.pop(0)
            self.spoilt.append(self.calls)
        self._after(None)

    def _arrive(self) -> None:
        if self.came_from[0] is not None and self.fates and self.fates.pop(0) == "goes back":
            self.standing = self.came_from
            self.spoilt.append(self.calls)

    def _before(self) -> None:
        self.calls += 1
        match self.faults.get(self.calls):
            case "refused":
                raise OperatorError("refused")
            case "busy":
                raise BusyError("try later")
            case "death":
                raise Died

    def _after(self, answer: T) -> T:
        """`lost, then refused`: the client repeats the request by itself, and the service is already at it."""
        match self.faults.get(self.calls):
            case "lost":
                raise BusyError("no answer")
            case "lost, then refused" if self.moving == 2:
                raise OperatorError("what was lost was asked again, and is refused: it is being done")
            case "death after":
                raise Died
        return answer


@dataclass(frozen=True)
class Case:
    """The serving release, the desired number of replicas, and the ends of the changes."""

    operation: Literal["shift", "resize", "remove"]
    before: Standing
    size: int | None
    fates: list[Fate]
    interruptible: bool

    @property
    def desired(self) -> Standing:
        match self.operation:
            case "remove":
                return None, 0
            case "resize":
                return self.before[0], self.size or 0
            case _:
                return RELEASE.version, self.size or self.before[1] or 1


@st.composite
def cases(draw: st.DrawFn) -> Case:
    before: Standing = draw(st.sampled_from([("v1", 2), ("v2", 2), (None, 0)]))
    operation = draw(st.sampled_from(["shift", "resize", "remove"] if before[0] else ["shift"]))
    sizes = st.integers(1, 4)
    size = {"shift": st.one_of(st.none(), sizes), "resize": sizes, "remove": st.none()}[operation]
    interruptible = draw(st.booleans())
    fates = ["arrives", "goes back", *(["hangs"] if interruptible else [])]
    return Case(operation, before, draw(size), draw(st.lists(st.sampled_from(fates), max_size=2)), interruptible)


@settings(max_examples=examples(500), deadline=None)
@given(
    cases(),
    st.dictionaries(
        st.integers(1, 14), st.sampled_from(["busy", "lost", "lost, then refused", "death", "death after"]), max_size=3
    ),
    st.one_of(st.none(), st.integers(1, 5)),
    st.booleans(),
)
def test_it_ends_healthy_or_as_it_was_before(
    case: Case, faults: dict[int, Fault], refused: int | None, sound: bool
) -> None:
    faults = faults | ({refused: "refused"} if refused else {})
    fleet = Simulated(case.before, faults, [*case.fates], sound, case.interruptible)
    saved, turned = [ServiceRollout(case.operation, case.size)], list[int]()

    def save(state: ServiceRollout) -> None:
        saved.append(state)
        if state.status == "rolling_back":
            turned.append(fleet.calls)

    for turn in range(80):
        if saved[-1].finished:
            break
        try:
            advance(saved[-1], RolloutContext(RELEASE, Terms(), fleet, now=100.0 * turn), save)
        except (BusyError, Died):
            continue

    last = saved[-1].status
    if last == "failed":
        assert turned, "only a way back can fail"
        assert any(call > turned[0] for call in [*fleet.spoilt, refused or 0]), "and only if it goes wrong itself"
        return
    assert last in ("healthy", "rolled_back")
    while fleet.moving:
        fleet.look()
    assert fleet.standing == (case.desired if last == "healthy" else case.before)
    assert sound or last == "rolled_back" or case.operation == "remove"
    if sound and set(case.fates) <= {"arrives"} and refused is None:
        assert last == "healthy", "what is well on its way is not called back"
