"""`{{ event.PATH }}` as a whole value -> the path.

    path_of("{{ event.uri }}")  ->  ("data", "uri")

The path must be the whole value, without any computation; computing is the pipeline's work.
"""

import re
from typing import Any

from aftertrain.errors import AuthorError
from aftertrain.expressions.lookup import full_path

_PATH = re.compile(r"^\s*\{\{\s*event((?:\.[A-Za-z_][A-Za-z0-9_-]*)+)\s*\}\}\s*$")


def path_of(value: Any) -> tuple[str, ...] | None:
    """The path that a value reads; None if the value is a literal.

    Raises: AuthorError if the value has braces but is no path of the event.
    """
    if not isinstance(value, str) or "{{" not in value:
        return None
    match = _PATH.match(value)
    if match is None:
        raise AuthorError(f"{value!r} is not a path of the event: write {{{{ event.PATH }}}} and nothing else")
    return full_path(match.group(1)[1:].split("."))
