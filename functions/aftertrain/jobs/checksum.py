"""What a bucket says of an object's content -> whether a file is that.

S3 and those who speak it keep a checksum of what was uploaded, by default or as the uploader chose. One over the whole
object is compared; those over parts, and kinds that Python cannot compute, are not.
"""

import base64
import hashlib
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

BLOCK = 8 * 1024 * 1024


class _Crc32:
    """zlib's, with hashlib's face."""

    def __init__(self) -> None:
        self._value = 0

    def update(self, block: bytes) -> None:
        self._value = zlib.crc32(block, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(4, "big")


_KINDS: dict[str, Callable[[], Any]] = {
    "ChecksumSHA256": hashlib.sha256,
    "ChecksumSHA1": lambda: hashlib.sha1(usedforsecurity=False),
    "ChecksumCRC32": _Crc32,
}


def differs(path: Path, head: Mapping[str, Any]) -> str | None:
    """What of a file is not as HeadObject says; None if nothing is."""
    size = path.stat().st_size
    if size != head["ContentLength"]:
        return f"it has {size} bytes and not {head['ContentLength']}"
    if head.get("ChecksumType", "FULL_OBJECT") != "FULL_OBJECT":
        return None
    for name, make in _KINDS.items():
        expected = head.get(name)
        # Uploads in parts have a checksum of checksums in older stores: it has a dash and the number of parts.
        if expected and "-" not in expected:
            found = base64.b64encode(_digest(path, make())).decode()
            return None if found == expected else f"its {name.removeprefix('Checksum')} is {found} and not {expected}"
    return None


def _digest(path: Path, sums: Any) -> bytes:
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            sums.update(block)
    found: bytes = sums.digest()
    return found
