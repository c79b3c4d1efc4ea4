"""A part + the set that started last -> whether the part begins another upload.

    relate(the shard again, with the ETag it had, finished, policy)  ->  "late"

Trainers write more files beside a checkpoint, uploaders repeat themselves, and senders deliver late. None of these
begins a second checkpoint, so none of them may be reported as an incomplete one.
"""

from typing import Any, Literal

from aftertrain.ingest.policies.decision import State
from aftertrain.ingest.policies.uploads import Part, older
from aftertrain.model.names import digest
from aftertrain.model.policy import Assemble

# late: its event was on the way when the set started. stale: older than the part that started. unchanged: written
# again, with the same bytes. beside: no part of the set. new: a part of another upload.
Relation = Literal["late", "stale", "unchanged", "beside", "new"]
MAX_BESIDE = 500  # objects that are kept in case a later index lists them


def remember(part_set: dict[str, Any], name: str, now: float) -> dict[str, Any]:
    """What is kept of a set that starts: its execution, the time, and each part's content."""
    parts = part_set["parts"]
    times = [part["time"] for part in parts.values() if part.get("time") is not None]
    contents = {each: [_content(part), part.get("time")] for each, part in parts.items()}
    return {"name": name, "at": max([now, *times]), "parts": contents}


def relate(part: Part, finished: dict[str, Any] | None, policy: Assemble) -> Relation:
    """How a part relates to the set that started last."""
    if finished is None:
        return "new"
    if part["part"] not in finished["parts"]:
        known_otherwise = policy.pattern is not None or part["part"] in (policy.index, policy.marker)
        return "new" if known_otherwise else "beside"
    content, written = finished["parts"][part["part"]]
    if content is None or content != _content(part):
        return "stale" if older(part, {"time": written}) else "new"
    time = part.get("time")
    return "late" if time is None or time <= finished["at"] else "unchanged"


def bounded(part_set: dict[str, Any]) -> dict[str, Any]:
    """A set that no part leads, with its newest objects only."""
    newest = sorted(part_set["parts"].items(), key=lambda entry: entry[1].get("time") or 0.0)[-MAX_BESIDE:]
    return part_set | {"parts": dict(newest)}


def without(state: State, name: str) -> State:
    """The state without the set of a start that will never happen."""
    finished = state.get("finished") or {}
    return {key: value for key, value in state.items() if key != "finished"} if finished.get("name") == name else state


def _content(part: Part) -> str | None:
    etag = part.get("etag")
    return None if etag is None else digest(etag)[:12]
