"""A bucket's checksum of an object -> whether a file has the same content.

    ChecksumCRC64NVME "AuUcyF784aU="        S3's default checksum
    ChecksumCRC32     "Zx4A1Q==-3"          of an upload in three parts: the checksum of the parts' checksums

S3 and compatible stores keep a checksum of each upload. The checksum of a multipart upload can be compared only if the
part size is known: uploaders use one size for all parts but the last.
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
    """A cyclic redundancy check with hashlib's interface."""

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


def parts_of(head: Mapping[str, Any]) -> int | None:
    """The number of parts behind the checksum in HeadObject's answer; None if it is of the whole object."""
    checksum = next((head[name] for name in _KINDS if "-" in head.get(name, "")), None)
    return None if checksum is None else int(checksum.rpartition("-")[2])


def part_size(size: int, first: int, last: int, count: int) -> int | None:
    """The common size of all parts but the last; None if it is unknown."""
    alike = count > 0 and first * (count - 1) + last == size and 0 < last <= first
    return first if alike else None


def differs(path: Path, head: Mapping[str, Any], part: int | None = None) -> str | None:
    """How a file differs from HeadObject's answer; None if it does not. `part`: the result of `part_size`."""
    size = path.stat().st_size
    if size != head["ContentLength"]:
        return f"it has {size} bytes instead of {head['ContentLength']}"
    for name, make in _KINDS.items():
        expected = head.get(name)
        if not expected:
            continue
        if head.get("ChecksumType") == "COMPOSITE" and "-" not in expected:
            return None  # the checksum does not say of how many parts
        actual = _parts_checksum(path, make, part) if "-" in expected else _file_checksum(path, make)
        if actual not in (expected, None):
            return f"its {name.removeprefix('Checksum')} is {actual} instead of {expected}"
        return None
    return None


def _file_checksum(path: Path, make: Callable[[], Any]) -> str:
    with path.open("rb") as file:
        return base64.b64encode(_digest(file, path.stat().st_size, make())).decode()


def _parts_checksum(path: Path, make: Callable[[], Any], part: int | None) -> str | None:
    """The checksum of the parts' checksums; None if the part size is unknown."""
    if part is None:
        return None
    total, count = make(), math.ceil(path.stat().st_size / part)
    with path.open("rb") as file:
        for _ in range(count):
            total.update(_digest(file, part, make()))
    return f"{base64.b64encode(total.digest()).decode()}-{count}"


def _digest(file: BinaryIO, size: int, checksum: Any) -> bytes:
    for block in _blocks(file, size):
        checksum.update(block)
    value: bytes = checksum.digest()
    return value


def _blocks(file: BinaryIO, size: int) -> Iterator[bytes]:
    while size > 0 and (block := file.read(min(BLOCK, size))):
        size -= len(block)
        yield block
