"""Machine -> canonical bytes.

The same definition gives the same bytes on every machine and in every process: the compiler writes keys in an order
that depends only on the definition. The text is compact, because a definition may have at most 1 MB.
"""

import json
from typing import Any

# The compiler builds trees: checking them for cycles would double the time.
_ENCODER = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False, check_circular=False)


def emit(machine: dict[str, Any]) -> str:
    """The text that CreateStateMachine takes."""
    return _ENCODER.encode(machine)


def pretty(text: str) -> str:
    """The same machine for people: indented, keys in the same order."""
    return json.dumps(json.loads(text), indent=2, ensure_ascii=False) + "\n"
