"""What a bucket says of an object's content -> whether a file is that.

    ChecksumCRC64NVME "AuUcyF784aU="        what S3 keeps of anything that nobody gave another checksum
    ChecksumCRC32     "Zx4A1Q==-3"          of an upload in three parts: a checksum over those of the parts

S3 and those who speak it keep a checksum of what was uploaded, by default or as the uploader chose. Parts are of one
size, but for the last, as every uploader makes them; of others nothing is compared.
"""

import base64
import hashlib
import math
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from awscrt import checksums

BLOCK = 8 * 1024 * 1024


class _Crc:
    """A cyclic redundancy check with hashlib's face."""

    def __init__(self, step: Callable[[bytes, int], int], size: int) -> None:
        self._step, self._size, self._value = step, size, 0

    def update(self, block: bytes) -> None:
        self._value = self._step(block, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(self._size, "big")


_KINDS: dict[str, Callable[[], Any]] = {
    "ChecksumSHA256": hashlib.sha256,
    "ChecksumSHA1": lambda: hashlib.sha1(usedforsecurity=False),
    "ChecksumCRC64NVME": lambda: _Crc(checksums.crc64nvme, 8),
    "ChecksumCRC32C": lambda: _Crc(checksums.crc32c, 4),
    "ChecksumCRC32": lambda: _Crc(zlib.crc32, 4),
}


def in_parts(head: Mapping[str, Any]) -> bool:
    """Whether the checksum that HeadObject tells is one of parts, whose size has to be known."""
    return any("-" in head.get(name, "") for name in _KINDS)


def differs(path: Path, head: Mapping[str, Any], part: int | None = None) -> str | None:
    """What of a file is not as HeadObject says; None if nothing is. `part`: the size of the object's first part."""
    size = path.stat().st_size
    if size != head["ContentLength"]:
        return f"it has {size} bytes and not {head['ContentLength']}"
    for name, make in _KINDS.items():
        expected = head.get(name)
        if not expected:
            continue
        found = _of_parts(path, make, part, expected) if "-" in expected else _whole(path, make)
        if found not in (expected, None):
            return f"its {name.removeprefix('Checksum')} is {found} and not {expected}"
        return None
    return None


def _whole(path: Path, make: Callable[[], Any]) -> str:
    with path.open("rb") as file:
        return base64.b64encode(_digest(file, path.stat().st_size, make())).decode()


def _of_parts(path: Path, make: Callable[[], Any], part: int | None, expected: str) -> str | None:
    """None where the parts are not of one size."""
    size, count = path.stat().st_size, int(expected.rpartition("-")[2])
    if part is None or math.ceil(size / part) != count:
        return None
    whole = make()
    with path.open("rb") as file:
        for _ in range(count):
            whole.update(_digest(file, part, make()))
    return f"{base64.b64encode(whole.digest()).decode()}-{count}"


def _digest(file: BinaryIO, size: int, sums: Any) -> bytes:
    for block in _blocks(file, size):
        sums.update(block)
    found: bytes = sums.digest()
    return found


def _blocks(file: BinaryIO, size: int) -> Iterator[bytes]:
    while size > 0 and (block := file.read(min(BLOCK, size))):
        size -= len(block)
        yield block
