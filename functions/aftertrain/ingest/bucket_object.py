"""What a bucket says of an object, when it is asked."""

from datetime import UTC, datetime
from typing import Any, NamedTuple


class BucketObject(NamedTuple):
    """`modified`: seconds since 1970; `etag` bare."""

    bucket: str
    key: str
    etag: str
    size: int
    modified: float

    @property
    def modified_text(self) -> str:
        """The time as people read it."""
        return datetime.fromtimestamp(self.modified, UTC).isoformat().replace("+00:00", "Z")

    def item(self) -> dict[str, Any]:
        """As an execution is told of it."""
        return {"key": self.key, "uri": f"s3://{self.bucket}/{self.key}", "etag": self.etag, "size": self.size}
