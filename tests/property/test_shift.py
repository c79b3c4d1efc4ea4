"""The law of roll-outs that a service makes: healthy, or as it was before, whatever fails and whoever dies.

The service is simulated: it takes its time, goes back by itself or breaks off the way. At any call it refuses, does not
answer, or does what it is told while the answer is lost; the process dies at any call, before and after it. Whoever
comes next goes on from what was saved, as a retry of the step does and as news of the service do.
"""

from dataclasses import dataclass, field
from typing import Literal, TypeVar

from hypothesis import given, settings
from hypothesis import strategies as st

from aftertrain.errors import BusyError, OperatorError
from aftertrain.fleets.fleet import Release, ReplicaError
from aftertrain.fleets.rollout import Terms
from aftertrain.fleets.service import Look
from aftertrain.fleets.shift import Shift, advance

RELEASE = Release("digits", "v2", "s3://artifacts/model.tar.gz", {"inputs": []})
T = TypeVar("T")
Fault = Literal["refused", "busy", "lost", "lost, then refused", "death", "death after"]


class Died(BaseException):
    """The process is gone."""


@dataclass
class Simulated:
    """A service on its way to `target` for a few looks; `fates` are how its ways end."""

    target: str | None
    faults: dict[int, Fault]
    fates: list[bool]
    sound: bool
    came_from: str | None = None
    before: str | None = None
    moving: int = 0
    calls: int = 0

    resource: str = "endpoint"
    urls: list[str] = field(default_factory=list)

    def look(self) -> Look:
        self._before()
        if self.moving:
            self.moving -= 1
            if not self.moving:
                self._arrive()
            return self._after(Look("moving", self.target))
        size = 0 if self.target is None else 1
        return self._after(Look("missing" if self.target is None else "settled", self.target, size, size))

    def prepare(self, release: Release, size: int | None) -> str:
        self._before()
        return self._after(release.version)

    def shift(self, target: str, size: int | None, terms: Terms) -> None:
        self._before()
        if self.moving:
            raise OperatorError("the service is being updated")
        self.came_from, self.target, self.moving = self.target, target, 2
        self._after(None)

    def go_back(self, target: str, size: int, terms: Terms) -> None:
        assert (size, terms.alarms) == (1 if self.before else 0, ())
        self.shift(target, None, terms)

    def resize(self, size: int) -> None:
        raise AssertionError("a shift does not resize")

    def remove(self) -> None:
        self._before()
        self.target, self.moving = None, 0
        self._after(None)

    def tidy(self, kept: frozenset[str]) -> None:
        raise AssertionError("a shift leaves that to the task")

    def probe(self, release: Release) -> None:
        self._before()
        if self.target == release.version and not self.sound:
            raise ReplicaError("no finite outputs")
        self._after(None)

    def _arrive(self) -> None:
        went_well = self.fates.pop(0) if self.fates and self.came_from is not None else True
        if not went_well:
            self.target = self.came_from

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
        """`lost, then refused`: the client itself asks again, and the service says that it is at it."""
        match self.faults.get(self.calls):
            case "lost":
                raise BusyError("no answer")
            case "lost, then refused" if self.moving == 2:
                raise OperatorError("what was lost was asked again, and is refused: it is being done")
            case "death after":
                raise Died
        return answer


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(["v1", None]),
    st.dictionaries(
        st.integers(1, 14), st.sampled_from(["busy", "lost", "lost, then refused", "death", "death after"]), max_size=3
    ),
    st.one_of(st.none(), st.integers(1, 5)),
    st.lists(st.booleans(), max_size=1),
    st.booleans(),
)
def test_it_ends_healthy_or_as_it_was_before(
    before: str | None, faults: dict[int, Fault], refused: int | None, fates: list[bool], sound: bool
) -> None:
    fleet = Simulated(before, faults | ({refused: "refused"} if refused else {}), [*fates], sound, before=before)
    saved = [Shift()]
    for _ in range(60):
        if saved[-1].finished:
            break
        try:
            advance(saved[-1], RELEASE, Terms(), fleet, saved.append)
        except (BusyError, Died):
            continue

    assert saved[-1].status in ("healthy", "rolled_back")
    while fleet.moving:
        fleet.look()
    assert fleet.target == ("v2" if saved[-1].status == "healthy" else before)
    assert sound or saved[-1].status == "rolled_back"
    if sound and all(fates) and refused is None:
        assert saved[-1].status == "healthy", "what is well on its way is not called back"
