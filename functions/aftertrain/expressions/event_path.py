"""`{{ event.PATH }}` as a whole value -> the path.

    path_of("{{ event.uri }}")  ->  ("data", "uri")

Only a whole value may be one, and only a path may stand in it: what is computed is computed in the pipeline.
"""

import re
from typing import Any

from aftertrain.errors import AuthorError
from aftertrain.expressions.lookup import full_path

_PATH = re.compile(r"^\s*\{\{\s*event((?:\.[A-Za-z_][A-Za-z0-9_-]*)+)\s*\}\}\s*$")


def path_of(value: Any) -> tuple[str, ...] | None:
    """The path that a value is taken from, None if it stands as it is.

    Raises: AuthorError if it has braces and is no path of the event.
    """
    if not isinstance(value, str) or "{{" not in value:
        return None
    match = _PATH.match(value)
    if match is None:
        raise AuthorError(f"{value!r} is no path of the event: write {{{{ event.PATH }}}} and nothing else")
    return full_path(match.group(1)[1:].split("."))
