"""What a dialect reads: the payload and the rest of the request."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from aftertrain.errors import SenderError
from aftertrain.model.source import Source

MAX_ID = 256  # characters of up to 4 bytes each; a key in DynamoDB has 2,048 bytes


class Delivery(NamedTuple):
    """A request of a known source. Header names are lower case; `received` is its arrival, RFC 3339."""

    payload: Any
    source: Source
    headers: Mapping[str, str] = MappingProxyType({})
    received: str = ""

    def header(self, name: str) -> str:
        """A required header, short enough for an id. Raises: SenderError."""
        value = self.headers.get(name, "")
        if not value or len(value) > MAX_ID:
            raise SenderError(f"the header {name} must have 1 to {MAX_ID} characters", field=name)
        return value
