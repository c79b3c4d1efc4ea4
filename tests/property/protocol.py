"""The protocol of ingest as a model: every interleaving of two workers, crashes, throttles and lost answers.

A worker's program is a list of calls. Each call has its effect or not, and its answer arrives or not. In every
reachable state, no event is started twice, and no acknowledged event is left unstarted for good.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

Call = Literal["put", "start", "done", "answer"]


@dataclass(frozen=True, slots=True)
class Protocol:
    """Our protocol, and the faults that may be built into it."""

    redriven: bool = True  # a queue and a sweeper drive what is left behind, and so does a duplicate
    named: bool = True  # a second start of the same name starts nothing
    done_only_if_started: bool = True


@dataclass(frozen=True, slots=True)
class World:
    """`workers`: the next call of each, and whether it is a redrive; None is idle. The others may still happen."""

    workers: tuple[tuple[Call, bool] | None, ...] = (None, None)
    ledger: Literal["", "received", "done"] = ""
    started: int = 0
    acknowledged: bool = False
    deliveries: int = 3
    crashes: int = 2
    faults: int = 2


Step = tuple[str, World]


def steps(world: World, protocol: Protocol) -> Iterator[Step]:
    """Every possible next state, with its name."""
    for number, worker in enumerate(world.workers):
        if worker is None:
            yield from _begin(world, number, protocol)
            continue
        for name, after in _call(world, number, worker, protocol):
            yield f"{number} {name}", after
        if world.crashes:
            yield f"{number} crashes", replace(_idle(world, number), crashes=world.crashes - 1)


def _begin(world: World, number: int, protocol: Protocol) -> Iterator[Step]:
    if world.deliveries and not world.acknowledged:  # a sender repeats what was not acknowledged
        yield f"{number} is sent the event", replace(_at(world, number, "put", False), deliveries=world.deliveries - 1)
    if world.deliveries and world.acknowledged:  # and sometimes what was
        yield f"{number} is sent it again", replace(_at(world, number, "put", False), deliveries=world.deliveries - 1)
    if protocol.redriven and world.ledger == "received":
        yield f"{number} drives it again", _at(world, number, "start", True)


def _call(world: World, number: int, worker: tuple[Call, bool], protocol: Protocol) -> Iterator[Step]:
    call, redrive = worker
    if call == "answer":
        yield "answers", replace(_idle(world, number), acknowledged=True)
        return
    effect = _effect(world, call, protocol)
    yield call, _onward(effect, number, call, redrive, world, protocol)
    if world.faults:
        less = replace(world, faults=world.faults - 1)
        yield f"{call}: refused", _failed(less, number, call, redrive, protocol)
        yield f"{call}: answer lost", _failed(replace(effect, faults=world.faults - 1), number, call, redrive, protocol)


def _effect(world: World, call: Call, protocol: Protocol) -> World:
    match call:
        case "put":
            return replace(world, ledger=world.ledger or "received")
        case "start":
            return replace(world, started=1 if protocol.named else world.started + 1)
        case _:
            return replace(world, ledger="done")


def _onward(after: World, number: int, call: Call, redrive: bool, before: World, protocol: Protocol) -> World:
    if call == "put":
        drives = before.ledger == "" or (before.ledger == "received" and protocol.redriven)
        return _at(after, number, "start" if drives else "answer", redrive)
    if call == "start":
        return _at(after, number, "done", redrive)
    return _idle(after, number) if redrive else _at(after, number, "answer", redrive)


def _failed(world: World, number: int, call: Call, redrive: bool, protocol: Protocol) -> World:
    """A failed put is not acknowledged. A failure after it is left to the redrive."""
    if call == "put":
        return _idle(world, number)
    if call == "start" and not protocol.done_only_if_started:
        return _at(world, number, "done", redrive)
    return _idle(world, number) if redrive else _at(world, number, "answer", redrive)


def _at(world: World, number: int, call: Call, redrive: bool) -> World:
    workers = list(world.workers)
    workers[number] = (call, redrive)
    return replace(world, workers=tuple(workers))


def _idle(world: World, number: int) -> World:
    workers = list(world.workers)
    workers[number] = None
    return replace(world, workers=tuple(workers))


def search(protocol: Protocol) -> tuple[int, list[str]]:
    """Search all states, breadth first. Returns their number, and the shortest way to one that breaks the promise."""
    begin = World()
    came: dict[World, tuple[World, str] | None] = {begin: None}
    pending = deque([begin])
    while pending:
        world = pending.popleft()
        following = list(steps(world, protocol))
        if world.started > 1 or _lost(world, protocol):
            return len(came), [*_way(world, came), "started twice" if world.started > 1 else "lost"]
        for name, after in following:
            if after not in came:
                came[after] = (world, name)
                pending.append(after)
    return len(came), []


def _lost(world: World, protocol: Protocol) -> bool:
    """Acknowledged and not started, with nobody left to start it."""
    idle = all(worker is None for worker in world.workers)
    again = protocol.redriven and world.ledger == "received"
    return idle and world.acknowledged and not world.started and not again


def _way(world: World, came: dict[World, tuple[World, str] | None]) -> list[str]:
    way: list[str] = []
    step = came[world]
    while step is not None:
        world, name = step
        way.insert(0, name)
        step = came[world]
    return way
