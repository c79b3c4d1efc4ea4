"""A configured sender: where its requests arrive, what dialect they speak, how they prove themselves.

    Source(id="tigris-models", kind="tigris", auth="bearer", secret_hashes=("9f86d0…",))

A secret is kept as its SHA-256: it has 256 random bits, so no slow hash is needed to protect it.
A source may have several, of which any one opens the door.
"""

import hashlib
from dataclasses import dataclass
from typing import Any, Literal, get_args

SourceKind = Literal["tigris", "platform"]
SourceAuth = Literal["bearer", "basic", "none"]

SOURCE_KINDS: tuple[SourceKind, ...] = get_args(SourceKind)
SOURCE_AUTHS: tuple[SourceAuth, ...] = get_args(SourceAuth)


@dataclass(frozen=True, slots=True)
class Source:
    """A sender. For `basic` the secret that is hashed is `user:password`."""

    id: str
    kind: SourceKind
    auth: SourceAuth
    secret_hashes: tuple[str, ...] = ()

    @classmethod
    def from_item(cls, item: dict[str, Any]) -> "Source":
        """Read the form in which the trigger snapshot carries it."""
        return cls(item["id"], item["kind"], item["auth"], tuple(item["secret_hashes"]))

    def item(self) -> dict[str, Any]:
        """The form that `from_item` reads."""
        return {
            "id": self.id,
            "kind": self.kind,
            "auth": self.auth,
            "secret_hashes": list(self.secret_hashes),
        }


def secret_hash(secret: bytes) -> str:
    """The hash that a presented secret is compared with."""
    return hashlib.sha256(secret).hexdigest()
