"""Sources: who may send events.

A secret is shown once, when it is made. The registry keeps its hash, or the secret itself if the sender signs with it.
Both stand only in the snapshot, where the webhook reads them, and never in an answer of the API.
"""

import base64

from aftertrain.control.bodies import SourceCreate, SourceRotate
from aftertrain.control.build_snapshot import source_in, with_source
from aftertrain.control.ports import Change, ControlPorts, Entry, Item
from aftertrain.control.require import require, require_absent, retry_stale
from aftertrain.errors import AuthorError
from aftertrain.model.authority import BUILT_IN
from aftertrain.model.source import AUTHS, LIVE_SECRETS, Source, SourceAuth, SourceKind


def create(body: SourceCreate, ports: ControlPorts) -> Item:
    """Create a source and its secret.

    Returns: the source with `url` and, this once, `secret`; with auth basic the user name is the source's id.
    Raises: ConflictError if the id is taken, AuthorError if this kind of sender does not support the auth.
    """
    if body.id in BUILT_IN:
        raise AuthorError(f"{body.id!r} is the source of the stage's own events: choose another id", field="id")
    auth = body.auth or AUTHS[body.kind][0]
    if auth not in AUTHS[body.kind]:
        raise AuthorError(f"a source of kind {body.kind} supports auth {' or '.join(AUTHS[body.kind])}", field="auth")
    secret = None if auth == "none" else body.secret or _new_secret(body.kind, auth, ports)
    bare = Source(body.id, body.kind, auth)
    source = bare if secret is None else bare.with_secret(secret)
    item = {"id": body.id, "kind": body.kind, "auth": auth, "created_at": ports.clock()}

    def change() -> None:
        require_absent(ports.registry, "source", body.id)
        snapshot = with_source(ports.registry.snapshot(), source.item(), body.id)
        ports.registry.commit([Change("source", body.id, item, 0)], snapshot)

    retry_stale(change, ports.pause)
    return _with_url(item, ports) | {"secret": secret}


def rotate(source_id: str, body: SourceRotate, ports: ControlPorts) -> Item:
    """Make a new secret. The old one keeps working until the next rotation, or until `finish`.

    `undo` takes back the newest secret, which the sender never got.
    Returns: the source with, this once, the new `secret`, or without one if none was made.
    Raises: AuthorError if the source has no secret, or none to go back to.
    """
    stored = require(ports.registry, "source", source_id).item
    secret = None if body.finish or body.undo else body.secret or _new_secret(stored["kind"], stored["auth"], ports)

    def change() -> Item:
        entry, snapshot = require(ports.registry, "source", source_id), ports.registry.snapshot()
        if entry.item["auth"] == "none":
            raise AuthorError(f"the source {source_id!r} is open and has no secret", field="source_id")
        source = Source.from_item(source_in(snapshot, source_id))
        return _commit(entry, _apply_rotation(source, secret, undo=body.undo), snapshot, ports)

    item = retry_stale(change, ports.pause)
    return _with_url(item, ports) | {"secret": secret}


def _apply_rotation(source: Source, secret: str | None, *, undo: bool) -> Source:
    if undo and len(source.secret_hashes or source.secrets) < LIVE_SECRETS:
        raise AuthorError(f"the source {source.id!r} has no earlier secret", field="undo")
    if undo:
        return source.without_newest_secret()
    return source.with_newest_secret_alone() if secret is None else source.with_secret(secret)


def _new_secret(kind: SourceKind, auth: SourceAuth, ports: ControlPorts) -> str:
    """A new secret; libraries for Standard Webhooks expect base64, with or without the prefix."""
    token = ports.token()
    standard = auth == "signature" and kind in ("standard_webhooks", "platform")
    return f"whsec_{base64.b64encode(token.encode()).decode()}" if standard else token


def delete(source_id: str, ports: ControlPorts) -> None:
    """Delete a source; its requests are refused from now on."""

    def change() -> None:
        entry = require(ports.registry, "source", source_id)
        snapshot = with_source(ports.registry.snapshot(), None, source_id)
        ports.registry.commit([Change("source", source_id, None, entry.revision)], snapshot)

    retry_stale(change, ports.pause)


def get(source_id: str, ports: ControlPorts) -> Item:
    """One source, without its secret."""
    return _with_url(require(ports.registry, "source", source_id).item, ports)


def list_all(ports: ControlPorts) -> list[Item]:
    """All sources, without their secrets."""
    return [_with_url(item, ports) for item in ports.registry.items("source")]


def _commit(entry: Entry, source: Source, snapshot: Entry, ports: ControlPorts) -> Item:
    item = entry.item | {"rotated_at": ports.clock(), "live_secrets": len(source.secret_hashes or source.secrets)}
    new_snapshot = with_source(snapshot, source.item(), source.id)
    ports.registry.commit([Change("source", source.id, item, entry.revision)], new_snapshot)
    return item


def _with_url(item: Item, ports: ControlPorts) -> Item:
    return item | {"url": f"{ports.webhook_url}/{item['id']}"}
