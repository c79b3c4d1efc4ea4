"""Identifiers: what they may look like, and how the deterministic ones are made.

    execution_name("tigris-models", "4f1c…", "trig-9a")  ->  "trig-9a-0d9c51c0e6…"  (≤ 80 characters, always the same)

The execution name is the heart of "never twice": Step Functions refuses a second execution of the same name for
90 days, so whoever starts the same event for the same trigger, and however often, starts it once.
"""

import hashlib
import json
import re
from typing import Any

ID_PATTERN = r"^[a-z0-9](?:[a-z0-9_-]{0,46}[a-z0-9])?$"
_ID = re.compile(ID_PATTERN)
_NOT_ID = re.compile(r"[^a-z0-9]+")


def is_id(text: str) -> bool:
    """Whether a resource may have this id: 1 to 48 of a-z, 0-9, `-` and `_`, not at an end."""
    return _ID.match(text) is not None


def slug(name: str) -> str:
    """`Auto-Deploy New Models` -> `auto-deploy-new-models`: an id that says what it names."""
    return _NOT_ID.sub("-", name.lower()).strip("-")[:48].strip("-") or "unnamed"


def digest(*parts: str) -> str:
    """32 hex digits over the parts; no two lists of parts run together to the same text."""
    return hashlib.sha256(canonical_json(list(parts)).encode()).hexdigest()[:32]


def execution_name(source_id: str, event_id: str, trigger_id: str) -> str:
    """The one name that an event's execution for a trigger can have."""
    return f"{trigger_id[:40]}-{digest(source_id, event_id, trigger_id)}"


def canonical_json(value: Any) -> str:
    """The one text of a JSON value: sorted keys, no blanks. Same value, same bytes."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
