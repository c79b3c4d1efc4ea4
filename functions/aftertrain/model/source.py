"""A configured sender: where its requests arrive, what dialect they speak, how they prove themselves.

    Source(id="tigris-models", kind="tigris", auth="bearer", secret_hashes=("9f86d0…",))

A secret is kept as its SHA-256: it has 256 random bits, so no slow hash is needed to protect it. Only where a sender
signs its requests is the secret itself kept, for a signature cannot be made with a hash. A source may have two secrets,
of which either opens the door, while one takes the other's place.
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
# How each kind of sender can prove itself; the first is what it does if nobody says.
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
    """A sender. For `basic` the secret that is hashed is `user:password`; `secrets` are those that sign."""

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
        """The source with a new secret; the one before it stays good, those before that one do not."""
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
        """The source as it was before its secret was replaced; there has to be one that was."""
        return Source(self.id, self.kind, self.auth, self.secret_hashes[1:], self.secrets[1:])


def secret_hash(secret: bytes) -> str:
    """The hash that a presented secret is compared with."""
    return hashlib.sha256(secret).hexdigest()
