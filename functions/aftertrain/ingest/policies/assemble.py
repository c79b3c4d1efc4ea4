"""A checkpoint of many objects starts once, when its last object is there.

    model-00002-of-00003.safetensors  ->  Piece("2", total=3): assembling; with the third of them: started

The object that makes the set complete is the one that starts. The first of a set is held until then, or until the
deadline: whoever drives it again after that finds what is missing. A part that is written again takes the place of the
one before; that may be another upload, and then the last part to come is held until the rest had time to come as well
(`uploads`), and starts. What comes after a set was complete begins the next one. An incomplete set is kept: a part that
comes late still completes it, but not one that was written longer after all others than a set may take.
"""

import posixpath
from dataclasses import dataclass, replace
from typing import Any

from aftertrain.ingest.key import EventKey
from aftertrain.ingest.objects import Object
from aftertrain.ingest.policies import uploads
from aftertrain.ingest.policies.decision import (
    DISABLED,
    LOOK_AGAIN_SECONDS,
    PASS,
    Answer,
    Decision,
    State,
    Ticket,
    keeping,
    kept,
    said,
    saying,
    without,
)
from aftertrain.ingest.policies.keys import compiled
from aftertrain.model.event import Event
from aftertrain.model.names import canonical_json
from aftertrain.model.policy import Assemble

MAX_PARTS = 1000
MAX_BYTES = 160 * 1024  # of all parts together: they are part of an execution's input, which has 256 KiB
KEPT_SETS = 3  # sets that are complete and may not have started yet
SHOWN = 20  # of what is missing
QUIET = "one was, and more may be"


@dataclass(frozen=True, slots=True)
class Piece:
    """What one object is to its set.

    `needs`: the names of all, where this object says so. `last`: nothing follows; `there`: what the bucket has then.
    """

    part: str
    total: int | None = None
    needs: tuple[str, ...] | None = None
    last: bool = False
    there: tuple[Object, ...] = ()


def place(event: Event, policy: Assemble) -> tuple[str, Piece] | None:
    """The set that an object belongs to, and its place there; None if it belongs to none."""
    bucket = event.data.get("bucket")
    if policy.pattern is not None:
        match = compiled(policy.pattern).search(event.subject)
        if match is None:
            return None
        part, total = (str(match.group(name) or "") for name in ("part", "total"))
        if not (part.isascii() and part.isdigit() and total.isascii() and total.isdigit()):
            return None
        rest = event.subject[: match.start()] + "*" + event.subject[match.end() :]
        return canonical_json([bucket, rest, int(total)]), Piece(str(int(part)), int(total))
    folder, name = posixpath.split(event.subject)
    return canonical_json([bucket, folder]), Piece(name, last=name == policy.marker)


def decide(state: State, ticket: Ticket, piece: Piece, policy: Assemble, now: float) -> Answer:
    """Take an object into its set."""
    if (over := kept(state, ticket.name)) is not None:
        return state, _passed(over)
    answer = said(state, ticket.name)
    if answer is not None:
        return state, Decision(answer[0], "assemble", execution=answer[1])
    found = state.get("set") or {"parts": {}, "needs": None, "total": None}
    if found.get("leader") == ticket.name:
        return _waited(state, found, ticket, policy, now)
    if found.get("last") == ticket.name:
        return _completed(state, found, ticket, policy, now)
    part, before = _part(ticket.event, piece), found["parts"].get(piece.part)
    again = before is not None and uploads.differs(part, before)
    if again and uploads.older(part, before):
        stale = Decision("stale", "assemble", "as new as the part that is there", ticket.event.time)
        return saying(state, ticket.name, ["stale", None]), stale
    found = _with_part(found, part, piece) | {"again": again or found.get("again", False), "seen": now}
    found = found | {"parts": uploads.latest(found["parts"], policy.deadline)}
    if (refused := _too_large(found)) is not None:
        return state, refused
    if piece.last:
        return _complete(state, found, ticket, now)
    if _whole(found, policy):
        return _completed(state, found | {"whole": found.get("whole", now)}, ticket, policy, now)
    return _joined(state, found, ticket, policy, now)


def withdraw(state: State, name: str) -> Answer:
    """A start that is not wanted any more ends, unless it was let pass."""
    return (state, PASS) if kept(state, name) is not None else (withdrawn(state, name), DISABLED)


def withdrawn(state: State, name: str) -> State:
    """The state when a start will never be made: its set is kept, and what comes next waits for it."""
    state = without(state, name)
    found = state.get("set") or {}
    if found.get("leader") == name:
        return state | {"set": _unled(found)}
    if found.get("last") == name:
        return state | {"set": {key: value for key, value in found.items() if key not in ("last", "whole")}}
    return state


def _completed(state: State, found: dict[str, Any], ticket: Ticket, policy: Assemble, now: float) -> Answer:
    """All are there. Where more may come, the last one waits; who waited before it need not any more."""
    until = min(uploads.quiet_from(found), found["whole"] + policy.deadline)
    if now >= until:
        return _complete(state, found, ticket, now)
    before = found.get("last", ticket.name)
    if before != ticket.name:
        state = saying(state, before, ["assembling", None])
    decision = Decision("assembling", "assemble", "no part is written again", QUIET, final=False, until=until)
    return state | {"set": found | {"last": ticket.name}}, decision


def _joined(state: State, found: dict[str, Any], ticket: Ticket, policy: Assemble, now: float) -> Answer:
    """One more of a set, the first of which is held for all of them."""
    if found.get("leader") is None:
        key = [ticket.event_key.source_id, ticket.event_key.event_id]
        found = found | {"leader": ticket.name, "leader_key": key, "deadline": now + policy.deadline}
        return state | {"set": found}, _held(found, found["deadline"])
    expected, actual = _progress(found)
    waits = f"; event {found['leader_key'][1]} waits for the rest, and names the execution"
    decision = Decision("assembling", "assemble", expected, actual + waits)
    return saying(state | {"set": found}, ticket.name, ["assembling", None]), decision


def _too_large(found: dict[str, Any]) -> Decision | None:
    if _count(found) > MAX_PARTS:
        return Decision("failed", "assemble", f"at most {MAX_PARTS} parts", str(_count(found)))
    if len(canonical_json(found["parts"]).encode()) > MAX_BYTES:
        return Decision("failed", "assemble", f"parts that fit into {MAX_BYTES} bytes", "more")
    return None


def _part(event: Event, piece: Piece) -> uploads.Part:
    """An object as its set remembers it; `time` is not handed on."""
    given = {name: event.data.get(name) for name in ("uri", "etag", "size", "version_id")}
    told = {name: value for name, value in given.items() if value is not None}
    return {"part": piece.part, "key": event.subject, **told, "time": uploads.written_at(event.time)}


def _with_part(found: dict[str, Any], part: uploads.Part, piece: Piece) -> dict[str, Any]:
    needs = list(piece.needs) if piece.needs is not None else found["needs"]
    listed = {
        posixpath.basename(each.key): {"part": posixpath.basename(each.key)} | each.item() for each in piece.there
    }
    return found | {
        "parts": found["parts"] | listed | {piece.part: part},
        "needs": needs,
        "total": piece.total or found["total"],
    }


def _whole(found: dict[str, Any], policy: Assemble) -> bool:
    """Whether all are there; it may not be known yet what all are."""
    known = policy.marker is None and (found["total"] is not None or found["needs"] is not None)
    return known and not _missing(found)


def _count(found: dict[str, Any]) -> int:
    return max(len(found["parts"]), len(found["needs"] or ()), found["total"] or 0)


def _missing(found: dict[str, Any]) -> list[str]:
    wanted = found["needs"] or [str(number) for number in range(1, (found["total"] or 0) + 1)]
    missing = [part for part in wanted if part not in found["parts"]]
    counted_from_zero = not found["needs"] and "0" in found["parts"]
    if counted_from_zero:
        missing = [str(number) for number in range(found["total"] or 0) if str(number) not in found["parts"]]
    return missing


def _complete(state: State, found: dict[str, Any], ticket: Ticket, now: float) -> Answer:
    if len(state.get("over", [])) >= KEPT_SETS:
        expected = "the sets before it have started"
        return state, Decision("assembling", "assemble", expected, final=False, until=now + LOOK_AGAIN_SECONDS)
    state = keeping({name: value for name, value in state.items() if name != "set"}, ticket.name, found)
    if found.get("leader") is None:
        return state, _passed(found)
    woken = (EventKey(*found["leader_key"]),)
    return saying(state, found["leader"], ["assembling", ticket.name]), replace(_passed(found), wakes=woken)


def _passed(found: dict[str, Any]) -> Decision:
    parts = sorted(found["parts"].values(), key=lambda part: (len(part["part"]), part["part"]))
    told = [{name: value for name, value in part.items() if name != "time"} for part in parts]
    return Decision("started", input={"parts": told})


def _waited(state: State, found: dict[str, Any], ticket: Ticket, policy: Assemble, now: float) -> Answer:
    """The first of a set looks again."""
    if now < found["deadline"]:
        return state, _held(found, found["deadline"])
    if "last" in found:  # it will start, and say so
        return state, _held(found, now + LOOK_AGAIN_SECONDS)
    if _whole(found, policy):  # the last was withdrawn
        return _completed(state, _unled(found) | {"whole": now}, ticket, policy, now)
    expected, actual = _progress(found)
    decision = Decision("incomplete", "assemble", f"{expected} in {policy.deadline:g} s", actual)
    return saying(state | {"set": _unled(found)}, found["leader"], ["incomplete", None]), decision


def _unled(found: dict[str, Any]) -> dict[str, Any]:
    """A set that nobody waits for."""
    return {name: value for name, value in found.items() if name not in ("leader", "leader_key", "deadline")}


def _held(found: dict[str, Any], until: float) -> Decision:
    expected, actual = _progress(found)
    return Decision("assembling", "assemble", expected, actual, final=False, until=until)


def _progress(found: dict[str, Any]) -> tuple[str, str]:
    """What is waited for, and what is there."""
    wanted = len(found["needs"]) if found["needs"] else found["total"]
    missing = _missing(found)[:SHOWN]
    there = f"{len(found['parts'])} of them" + (f"; missing: {', '.join(missing)}" if missing else "")
    return (f"{wanted} parts" if wanted else "what says which parts there are"), there
