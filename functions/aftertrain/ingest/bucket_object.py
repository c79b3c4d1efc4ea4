"""An object as its bucket describes it."""

from datetime import UTC, datetime
from typing import Any, NamedTuple


class BucketObject(NamedTuple):
    """`modified`: seconds since 1970. `etag`: without quotes."""

    bucket: str
    key: str
    etag: str
    size: int
    modified: float

    @property
    def modified_text(self) -> str:
        """The time of the last change as RFC 3339 text."""
        return datetime.fromtimestamp(self.modified, UTC).isoformat().replace("+00:00", "Z")

    def item(self) -> dict[str, Any]:
        """The object as an execution's input shows it."""
        return {"key": self.key, "uri": f"s3://{self.bucket}/{self.key}", "etag": self.etag, "size": self.size}
