"""Sources: who may send events. The secret is shown once, when the source is made; what is kept is its hash."""

from aftertrain.control.bodies import SourceCreate
from aftertrain.control.lookup import absent, existing, settled
from aftertrain.control.ports import Change, Item, Ports
from aftertrain.control.snapshot import with_source
from aftertrain.model.source import Source, secret_hash


def create(body: SourceCreate, ports: Ports) -> Item:
    """Make a source and its secret.

    Returns: the source with `url` and, this once, `secret`; with auth basic the user name is the source's id.
    Raises: ConflictError if the id is taken.
    """
    secret = None if body.auth == "none" else ports.token()
    hashes = () if secret is None else (secret_hash(_credentials(body, secret)),)
    source = Source(body.id, body.kind, body.auth, hashes)
    item = {"id": body.id, "kind": body.kind, "auth": body.auth, "created_at": ports.clock()}

    def change() -> None:
        absent(ports.registry, "source", body.id)
        snapshot = with_source(ports.registry.snapshot(), source.item(), body.id)
        ports.registry.commit([Change("source", body.id, item, 0)], snapshot)

    settled(change)
    return _shown(item, ports) | {"secret": secret}


def delete(source_id: str, ports: Ports) -> None:
    """Take a source away; its requests are refused from now on."""

    def change() -> None:
        entry = existing(ports.registry, "source", source_id)
        snapshot = with_source(ports.registry.snapshot(), None, source_id)
        ports.registry.commit([Change("source", source_id, None, entry.revision)], snapshot)

    settled(change)


def get(source_id: str, ports: Ports) -> Item:
    """One source, without its secret."""
    return _shown(existing(ports.registry, "source", source_id).item, ports)


def list_all(ports: Ports) -> list[Item]:
    """All sources, without their secrets."""
    return [_shown(item, ports) for item in ports.registry.items("source")]


def _credentials(body: SourceCreate, secret: str) -> bytes:
    return (f"{body.id}:{secret}" if body.auth == "basic" else secret).encode()


def _shown(item: Item, ports: Ports) -> Item:
    return item | {"url": f"{ports.webhook_url}/{item['id']}"}
