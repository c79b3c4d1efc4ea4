"""A rolling deployment that a service makes: what is asked of the service, and what its state means.

    pending -> rolling -> healthy
                  |
                  +-> rolling_back -> rolled_back | failed

The service replaces replicas, watches alarms and goes back by itself; what is added here is the prediction at the end,
the way back if it fails, and a state that outlives whoever waits. While the service is at work there is nothing to do:
`advance` returns, and is called again when the service tells of a change, however often.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from aftertrain.errors import BusyError, OperatorError
from aftertrain.fleets.fleet import Release
from aftertrain.fleets.rollout import Status, Terms
from aftertrain.fleets.service import ServiceFleet


@dataclass(frozen=True, slots=True)
class Shift:
    """Where it stands.

    `target` is what is rolled out, `previous` what was served before; `sent`: the service has been asked for what the
    status says. `size`: how many replicas are asked for, None for as many as there are; `previous_size` how many there
    were.
    """

    does: Literal["shift", "resize", "remove"] = "shift"
    size: int | None = None
    status: Status = "pending"
    target: str = ""
    previous: str | None = None
    previous_size: int = 0
    sent: bool = False
    reason: str = ""

    @property
    def finished(self) -> bool:
        """Whether nothing is left to do."""
        return self.status in ("healthy", "rolled_back", "failed")


def advance(shift: Shift, release: Release, terms: Terms, fleet: ServiceFleet, save: Callable[[Shift], None]) -> Shift:
    """Go on as far as the service has; every new state is saved before what follows from it.

    Raises: BusyError if the service did not answer; the same call goes on from what was saved.
    """
    while not shift.finished:
        try:
            following = _following(shift, release, terms, fleet)
        except BusyError:
            raise
        except OperatorError as error:
            following = _went_wrong(shift, error.message)
        if following == shift:
            return shift
        shift = following
        save(shift)
    return shift


def _following(shift: Shift, release: Release, terms: Terms, fleet: ServiceFleet) -> Shift:
    match shift.status, shift.sent:
        case "pending", _:
            return _begun(shift, release, fleet)
        case "rolling", False:
            return _asked(shift, terms, fleet)
        case "rolling", True:
            return _arrived(shift, release, fleet)
        case _, False:
            return _called_back(shift, terms, fleet)
        case _:
            return _came_back(shift, fleet)


def _begun(shift: Shift, release: Release, fleet: ServiceFleet) -> Shift:
    found = fleet.look()
    if found.state == "moving":
        raise OperatorError("the service is busy with another change: try again when that is through")
    target = fleet.prepare(release, shift.size) if shift.does == "shift" else found.target or ""
    return replace(shift, status="rolling", target=target, previous=found.target, previous_size=found.wanted)


def _asked(shift: Shift, terms: Terms, fleet: ServiceFleet) -> Shift:
    """Whoever asked before may have died before it could say so, and an answer may be lost and the next one a refusal.

    So a look says whether the service is on its way, before it is asked and after it has refused.
    """
    if _on_its_way(shift, fleet):
        return _sent(shift)
    try:
        _ask(shift, terms, fleet)
    except BusyError:
        raise
    except OperatorError:
        if not _on_its_way(shift, fleet):
            raise
    return _sent(shift)


def _on_its_way(shift: Shift, fleet: ServiceFleet) -> bool:
    found = fleet.look()
    match shift.does:
        case "remove":
            return found.state == "missing" or not found.wanted
        case "resize":
            return found.wanted == shift.size
        case _:
            return found.target == shift.target


def _ask(shift: Shift, terms: Terms, fleet: ServiceFleet) -> None:
    match shift.does:
        case "remove":
            fleet.remove()
        case "resize":
            fleet.resize(shift.size or 0)
        case _:
            fleet.shift(shift.target, shift.size, terms)


def _sent(shift: Shift) -> Shift:
    """What is to be removed is gone as soon as that is accepted."""
    return replace(shift, sent=True, status="healthy" if shift.does == "remove" else "rolling")


def _arrived(shift: Shift, release: Release, fleet: ServiceFleet) -> Shift:
    found = fleet.look()
    if found.state == "moving":
        return shift
    if found.state == "settled" and found.target == shift.target:
        if shift.does == "resize" and found.wanted != shift.size:
            return replace(shift, status="rolled_back", reason=found.reason or f"{found.wanted} replicas are wanted")
        if shift.does == "resize" and found.size != shift.size:
            return shift
        fleet.probe(release)
        return replace(shift, status="healthy")
    reason = found.reason or "the service went back to what it served before"
    if found.state == "settled":
        return replace(shift, status="rolled_back", reason=reason)
    return replace(shift, status="rolling_back", sent=False, reason=reason)


def _called_back(shift: Shift, terms: Terms, fleet: ServiceFleet) -> Shift:
    """Only what this roll-out has brought is taken back."""
    found = fleet.look()
    if found.state == "moving":
        return shift
    if found.state == "missing" or found.target == shift.previous:
        return _came_back(replace(shift, sent=True), fleet)
    if found.target != shift.target:
        return _went_wrong(shift, f"somebody else has changed the service to {found.target}")
    if shift.previous is None:
        fleet.remove()
        return replace(shift, status="rolled_back")
    if found.state == "broken":
        return replace(shift, status="failed")
    try:
        # Alarms that went off on the way out would hold up the way back.
        fleet.go_back(shift.previous, shift.previous_size, replace(terms, alarms=()))
    except BusyError:
        raise
    except OperatorError:  # as on the way out, what was lost may be refused when it is asked again
        if fleet.look().target != shift.previous:
            raise
    return replace(shift, sent=True)


def _came_back(shift: Shift, fleet: ServiceFleet) -> Shift:
    found = fleet.look()
    if found.state == "moving":
        return shift
    back = found.state == "settled" and found.target == shift.previous
    gone = found.state == "missing" and shift.previous is None
    if back or gone:
        return replace(shift, status="rolled_back")
    return replace(shift, status="failed", reason=f"{shift.reason}; and then: {found.reason or found.state}")


def _went_wrong(shift: Shift, reason: str) -> Shift:
    if shift.status == "pending":
        return replace(shift, status="rolled_back", reason=reason)
    if shift.status == "rolling":
        return replace(shift, status="rolling_back", sent=False, reason=reason)
    return replace(shift, status="failed", reason=f"{shift.reason}; and then: {reason}")
