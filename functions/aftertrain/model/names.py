"""Identifiers: their form, and how the deterministic ones are made.

    execution_name("tigris-models", "4f1c…", "trig-9a")  ->  "trig-9a-0d9c51c0e6…"  (≤ 80 characters, always the same)

"Never twice" rests on the execution name: Step Functions refuses a second execution of the same name for 90 days. So
however often the same event is started for the same trigger, one execution starts.
"""

import hashlib
import json
import re
from typing import Any

ID_PATTERN = r"^[a-z0-9](?:[a-z0-9_-]{0,46}[a-z0-9])?$"
_ID = re.compile(ID_PATTERN)
_NOT_ID = re.compile(r"[^a-z0-9]+")


def is_id(text: str) -> bool:
    """Whether a resource may have this id: 1 to 48 of a-z, 0-9, `-` and `_`, with neither `-` nor `_` at an end."""
    return _ID.match(text) is not None


def slug(name: str) -> str:
    """`Auto-Deploy New Models` -> `auto-deploy-new-models`: a readable id."""
    return _NOT_ID.sub("-", name.lower()).strip("-")[:48].strip("-") or "unnamed"


def digest(*parts: str) -> str:
    """32 hex digits over the parts; different lists of parts give different texts to hash."""
    return hashlib.sha256(canonical_json(list(parts)).encode()).hexdigest()[:32]


def execution_name(source_id: str, event_id: str, trigger_id: str) -> str:
    """The only name of an event's execution for a trigger."""
    return f"{trigger_id[:40]}-{digest(source_id, event_id, trigger_id)}"


def canonical_json(value: Any) -> str:
    """The canonical text of a JSON value: sorted keys, no blanks. The same value gives the same bytes."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
