"""A webhook request as ingest sees it, and the limits on its size.

Request(source_id="tigris-models", headers={"authorization": "Bearer …"}, body=b'{"events": […]}')
"""

from collections.abc import Mapping
from typing import NamedTuple

from aftertrain.errors import TooLargeError

MAX_BODY_BYTES = 1024 * 1024
MAX_EVENT_BYTES = 200 * 1024  # leaves room for params in the 256 KiB of an execution's input


class Request(NamedTuple):
    """One POST. Header names are lower case; `body` is unchanged from the wire."""

    source_id: str
    headers: Mapping[str, str]
    body: bytes


def check_size(request: Request) -> None:
    """Refuse a body that is too large before any work is spent on it.

    Raises:
        TooLargeError: the body is over 1 MiB.
    """
    if len(request.body) > MAX_BODY_BYTES:
        raise TooLargeError(
            f"the body has {len(request.body)} bytes; at most {MAX_BODY_BYTES} are accepted", field="body"
        )
