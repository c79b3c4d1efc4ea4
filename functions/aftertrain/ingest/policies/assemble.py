"""Many objects of one checkpoint -> one start, when the set is complete.

    model-00002-of-00003.safetensors  ->  PartNotice("2", total=3): assembling; with the third part: started

The object that completes the set starts the pipeline. The first object leads the set: it is held until then, or until
the deadline, when it reports what is missing. A part that is written again replaces its earlier version. Such a rewrite
may belong to a second upload, so the completing part then waits until the rest had time to arrive (see `uploads`).
Objects after a complete set begin the next one. An incomplete set is kept: a late part still completes it, unless it
was written more than the deadline after all others.
"""

import posixpath
from dataclasses import replace
from typing import Any

from aftertrain.ingest.event_key import EventKey
from aftertrain.ingest.policies import finished_set, uploads
from aftertrain.ingest.policies.decision import (
    DISABLED,
    LOOK_AGAIN_SECONDS,
    PASS,
    PolicyDecision,
    State,
    Ticket,
    Transition,
    forget_pass,
    recall_answer,
    recall_pass,
    remember_answer,
    remember_pass,
)
from aftertrain.ingest.policies.part_notice import PartNotice
from aftertrain.model.event import Event
from aftertrain.model.names import canonical_json
from aftertrain.model.policy import Assemble

MAX_PARTS = 1000
MAX_BYTES = 160 * 1024  # of all parts together; they are part of an execution's input, which holds 256 KiB
KEPT_SETS = 3  # complete sets whose execution may not have started yet
SHOWN = 20  # missing parts that a verdict names
QUIET = "one was, and others may be"


def decide(state: State, ticket: Ticket, piece: PartNotice, policy: Assemble, now: float) -> Transition:
    """Add an object to its set."""
    if (passed_set := recall_pass(state, ticket.name)) is not None:
        return state, _pass_set(passed_set)
    answer = recall_answer(state, ticket.name)
    if answer is not None:
        return state, PolicyDecision(answer[0], "assemble", execution=answer[1])
    part_set = state.get("set") or {"parts": {}, "needs": None, "total": None}
    if part_set.get("leader") == ticket.name:
        return _check_deadline(state, part_set, ticket, policy, now)
    if part_set.get("last") == ticket.name:
        return _wait_for_quiet(state, part_set, ticket, policy, now)
    return _add_part(state, part_set, ticket, piece, policy, now)


def _add_part(
    state: State, part_set: dict[str, Any], ticket: Ticket, piece: PartNotice, policy: Assemble, now: float
) -> Transition:
    part, previous = _part(ticket.event, piece), part_set["parts"].get(piece.part)
    rewritten = previous is not None and uploads.differs(part, previous)
    relation = finished_set.relate(part, state.get("finished"), policy)
    if relation == "stale" or (rewritten and uploads.older(part, previous)):
        return _refuse_stale(state, ticket)
    if relation == "late":
        return _join_finished(state, ticket)
    rewritten = rewritten or relation == "unchanged"  # the rest of a second upload may follow
    part_set = _with_part(part_set, part, piece) | {"again": rewritten or part_set.get("again", False), "seen": now}
    part_set = part_set | {"parts": uploads.latest(part_set["parts"], policy.deadline)}
    if (rejection := _too_large(part_set)) is not None:
        return state, rejection
    if piece.last:
        return _complete(state, part_set, ticket, policy, now)
    if _is_complete(part_set, policy):
        return _wait_for_quiet(state, part_set | {"whole": part_set.get("whole", now)}, ticket, policy, now)
    if relation != "new" and part_set.get("leader") is None:
        return _join_finished(state | {"set": finished_set.bounded(part_set)}, ticket)
    return _join_set(state, part_set, ticket, policy, now)


def _join_finished(state: State, ticket: Ticket) -> Transition:
    """An object that came after the set started, and begins no other one."""
    name, expected = state["finished"]["name"], "a part of another upload"
    decision = PolicyDecision("assembling", "assemble", expected, "nothing of the set has changed", execution=name)
    return remember_answer(state, ticket.name, ["assembling", name]), decision


def _refuse_stale(state: State, ticket: Ticket) -> Transition:
    stale = PolicyDecision("stale", "assemble", "at least as new as the stored part", ticket.event.time)
    return remember_answer(state, ticket.name, ["stale", None]), stale


def withdraw(state: State, name: str) -> Transition:
    """End a held start, unless it was let pass."""
    return (state, PASS) if recall_pass(state, name) is not None else (forget(state, name), DISABLED)


def forget(state: State, name: str) -> State:
    """The state without a start that will never happen. Its set stays, and the next object leads it."""
    state = finished_set.without(forget_pass(state, name), name)
    part_set = state.get("set") or {}
    if part_set.get("leader") == name:
        return state | {"set": _without_leader(part_set)}
    if part_set.get("last") == name:
        return state | {"set": {key: value for key, value in part_set.items() if key not in ("last", "whole")}}
    return state


def _wait_for_quiet(state: State, part_set: dict[str, Any], ticket: Ticket, policy: Assemble, now: float) -> Transition:
    """Complete the set: if rewritten parts may follow, the last object waits, and an earlier waiting one ends."""
    until = min(uploads.quiet_from(part_set), part_set["whole"] + policy.deadline)
    if now >= until:
        return _complete(state, part_set, ticket, policy, now)
    previous_last = part_set.get("last", ticket.name)
    if previous_last != ticket.name:
        state = remember_answer(state, previous_last, ["assembling", None])
    decision = PolicyDecision("assembling", "assemble", "no part is rewritten", QUIET, final=False, until=until)
    return state | {"set": part_set | {"last": ticket.name}}, decision


def _join_set(state: State, part_set: dict[str, Any], ticket: Ticket, policy: Assemble, now: float) -> Transition:
    """Add one more object; the set's first one is held for all of them."""
    if part_set.get("leader") is None:
        key = [ticket.event_key.source_id, ticket.event_key.event_id]
        part_set = part_set | {"leader": ticket.name, "leader_key": key, "deadline": now + policy.deadline}
        return state | {"set": part_set}, _hold_decision(part_set, part_set["deadline"])
    expected, actual = _progress(part_set)
    waits = f"; event {part_set['leader_key'][1]} leads the set, and its verdict names the execution"
    decision = PolicyDecision("assembling", "assemble", expected, actual + waits)
    return remember_answer(state | {"set": part_set}, ticket.name, ["assembling", None]), decision


def _too_large(part_set: dict[str, Any]) -> PolicyDecision | None:
    if _count(part_set) > MAX_PARTS:
        return PolicyDecision("failed", "assemble", f"at most {MAX_PARTS} parts", str(_count(part_set)))
    if len(canonical_json(part_set["parts"]).encode()) > MAX_BYTES:
        return PolicyDecision("failed", "assemble", f"parts that fit into {MAX_BYTES} bytes", "more")
    return None


def _part(event: Event, piece: PartNotice) -> uploads.Part:
    """An object as its set remembers it; `time` stays internal."""
    attributes = {name: event.data.get(name) for name in ("uri", "etag", "size", "version_id")}
    present = {name: value for name, value in attributes.items() if value is not None}
    return {"part": piece.part, "key": event.subject, **present, "time": uploads.written_at(event.time)}


def _with_part(part_set: dict[str, Any], part: uploads.Part, piece: PartNotice) -> dict[str, Any]:
    needs = list(piece.needs) if piece.needs is not None else part_set["needs"]
    listed = {posixpath.basename(entry.key): entry.item() for entry in piece.there if not entry.key.endswith("/")}
    listed = {name: {"part": name} | item for name, item in listed.items()}
    return part_set | {
        "parts": part_set["parts"] | listed | {piece.part: part},
        "needs": needs,
        "total": piece.total or part_set["total"],
    }


def _is_complete(part_set: dict[str, Any], policy: Assemble) -> bool:
    """Whether all parts are there; the set may not know yet which parts exist."""
    extent_known = policy.marker is None and (part_set["total"] is not None or part_set["needs"] is not None)
    return extent_known and not _missing(part_set)


def _count(part_set: dict[str, Any]) -> int:
    return max(len(part_set["parts"]), len(part_set["needs"] or ()), part_set["total"] or 0)


def _missing(part_set: dict[str, Any]) -> list[str]:
    required = part_set["needs"] or [str(number) for number in range(1, (part_set["total"] or 0) + 1)]
    missing = [part for part in required if part not in part_set["parts"]]
    counted_from_zero = not part_set["needs"] and "0" in part_set["parts"]
    if counted_from_zero:
        missing = [str(number) for number in range(part_set["total"] or 0) if str(number) not in part_set["parts"]]
    return missing


def _complete(state: State, part_set: dict[str, Any], ticket: Ticket, policy: Assemble, now: float) -> Transition:
    if len(state.get("over", [])) >= KEPT_SETS:
        expected = "the earlier sets have started"
        return state, PolicyDecision("assembling", "assemble", expected, final=False, until=now + LOOK_AGAIN_SECONDS)
    state = {name: value for name, value in state.items() if name != "set"}
    state = state | {"finished": finished_set.remember(part_set, ticket.name, now)}
    part_set = _without_files_beside(part_set, policy)
    state = remember_pass(state, ticket.name, part_set)
    if part_set.get("leader") is None:
        return state, _pass_set(part_set)
    woken = (EventKey(*part_set["leader_key"]),)
    return remember_answer(state, part_set["leader"], ["assembling", ticket.name]), replace(
        _pass_set(part_set), wakes=woken
    )


def _without_files_beside(part_set: dict[str, Any], policy: Assemble) -> dict[str, Any]:
    """The set without files that its index does not list: they may belong to an earlier upload."""
    if not part_set["needs"]:
        return part_set
    listed = {*part_set["needs"], policy.index}
    return part_set | {"parts": {name: part for name, part in part_set["parts"].items() if name in listed}}


def _pass_set(part_set: dict[str, Any]) -> PolicyDecision:
    parts = sorted(part_set["parts"].values(), key=lambda part: (len(part["part"]), part["part"]))
    part_inputs = [{name: value for name, value in part.items() if name != "time"} for part in parts]
    return PolicyDecision("started", input={"parts": part_inputs})


def _check_deadline(state: State, part_set: dict[str, Any], ticket: Ticket, policy: Assemble, now: float) -> Transition:
    """Decide again for the object that leads the set."""
    if now < part_set["deadline"]:
        return state, _hold_decision(part_set, part_set["deadline"])
    if "last" in part_set:  # the last object will start, and report it
        return state, _hold_decision(part_set, now + LOOK_AGAIN_SECONDS)
    if _is_complete(part_set, policy):  # the last object was withdrawn
        return _wait_for_quiet(state, _without_leader(part_set) | {"whole": now}, ticket, policy, now)
    expected, actual = _progress(part_set)
    decision = PolicyDecision("incomplete", "assemble", f"{expected} in {policy.deadline:g} s", actual)
    return remember_answer(
        state | {"set": _without_leader(part_set)}, part_set["leader"], ["incomplete", None]
    ), decision


def _without_leader(part_set: dict[str, Any]) -> dict[str, Any]:
    """A set that no held start leads."""
    return {name: value for name, value in part_set.items() if name not in ("leader", "leader_key", "deadline")}


def _hold_decision(part_set: dict[str, Any], until: float) -> PolicyDecision:
    expected, actual = _progress(part_set)
    return PolicyDecision("assembling", "assemble", expected, actual, final=False, until=until)


def _progress(part_set: dict[str, Any]) -> tuple[str, str]:
    """The expected and the present parts, as text."""
    required = len(part_set["needs"]) if part_set["needs"] else part_set["total"]
    missing = _missing(part_set)[:SHOWN]
    actual = f"{len(part_set['parts'])} of them" + (f"; missing: {', '.join(missing)}" if missing else "")
    return (f"{required} parts" if required else "the part that lists all parts"), actual
