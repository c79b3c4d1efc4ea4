"""Machine -> canonical bytes.

The same definition gives the same bytes on every machine and in every process: keys stand in the order in which the
compiler wrote them, which depends on nothing but the definition. Compact, for the definition may have 1 MB.
"""

import json
from typing import Any

# The compiler builds trees: looking for circles in them takes as long as all the rest.
_ENCODER = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False, check_circular=False)


def emit(machine: dict[str, Any]) -> str:
    """The text that CreateStateMachine takes."""
    return _ENCODER.encode(machine)


def pretty(text: str) -> str:
    """The same machine for people: indented, keys in the same order."""
    return json.dumps(json.loads(text), indent=2, ensure_ascii=False) + "\n"
