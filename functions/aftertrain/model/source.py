"""A configured sender: its endpoint, its dialect, and how it proves itself.

    Source(id="tigris-models", kind="tigris", auth="bearer", secret_hashes=("9f86d0…",))

A secret is stored as its SHA-256: it has 256 random bits, so no slow hash is needed. If the sender signs its requests,
the secret itself is stored, because a signature cannot be checked with a hash. During a rotation a source has two
secrets, and both work.
"""

import hashlib
from typing import Any, Literal, NamedTuple, get_args

SourceKind = Literal[
    "tigris",
    "platform",
    "s3",
    "r2",
    "eventbridge",
    "cloudevents",
    "standard_webhooks",
    "hugging_face",
    "mlflow",
    "wandb",
    "github",
]
SourceAuth = Literal["bearer", "basic", "none", "secret", "signature"]

SOURCE_KINDS: tuple[SourceKind, ...] = get_args(SourceKind)
LIVE_SECRETS = 2
_TOKENS: tuple[SourceAuth, ...] = ("bearer", "basic", "none")
# How each kind of sender can prove itself; the first value is the default.
AUTHS: dict[SourceKind, tuple[SourceAuth, ...]] = {
    "tigris": _TOKENS,
    "platform": (*_TOKENS, "signature"),
    "s3": _TOKENS,
    "r2": _TOKENS,
    "eventbridge": _TOKENS,
    "cloudevents": _TOKENS,
    "standard_webhooks": ("signature",),
    "hugging_face": ("secret",),
    "mlflow": ("signature", "none"),
    "wandb": ("signature", "bearer"),
    "github": ("signature",),
}


class Source(NamedTuple):
    """A sender. With `basic`, the hashed secret is `user:password`. `secrets`: for signatures."""

    id: str
    kind: SourceKind
    auth: SourceAuth
    secret_hashes: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()

    @classmethod
    def from_item(cls, item: dict[str, Any]) -> "Source":
        """Read the form in which the trigger snapshot carries it."""
        hashes, secrets = tuple(item["secret_hashes"]), tuple(item.get("secrets", ()))
        return cls(item["id"], item["kind"], item["auth"], hashes, secrets)

    def item(self) -> dict[str, Any]:
        """The form that `from_item` reads."""
        return {
            "id": self.id,
            "kind": self.kind,
            "auth": self.auth,
            "secret_hashes": list(self.secret_hashes),
            **({"secrets": list(self.secrets)} if self.secrets else {}),
        }

    def with_secret(self, secret: str) -> "Source":
        """The source with a new secret; the previous one keeps working, older ones do not."""
        if self.auth == "none":
            return self
        if self.auth == "signature":
            return Source(self.id, self.kind, self.auth, (), (secret, *self.secrets)[:LIVE_SECRETS])
        presented = f"{self.id}:{secret}" if self.auth == "basic" else secret
        hashes = (secret_hash(presented.encode()), *self.secret_hashes)[:LIVE_SECRETS]
        return Source(self.id, self.kind, self.auth, hashes)

    def with_newest_secret_alone(self) -> "Source":
        """The source without the secret that was replaced."""
        return Source(self.id, self.kind, self.auth, self.secret_hashes[:1], self.secrets[:1])

    def without_newest_secret(self) -> "Source":
        """The source as it was before its last rotation. There must have been one."""
        return Source(self.id, self.kind, self.auth, self.secret_hashes[1:], self.secrets[1:])


def secret_hash(secret: bytes) -> str:
    """The hash that a presented secret is compared with."""
    return hashlib.sha256(secret).hexdigest()
