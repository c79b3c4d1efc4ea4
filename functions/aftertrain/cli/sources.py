"""`aftertrain sources create|connect|list|rotate|delete`: who may send, and instructions for the sender."""

import click

from aftertrain.aws.tigris import ENDPOINT, keys_of, set_notifications
from aftertrain.cli.setup import setup
from aftertrain.client import Client
from aftertrain.client.models import EventSource
from aftertrain.model.names import slug
from aftertrain.model.source import SOURCE_KINDS


@click.group()
def sources() -> None:
    """Manage who may send events."""


@sources.command("create")
@click.argument("source_id")
@click.option("--kind", type=click.Choice(SOURCE_KINDS), required=True, help="The kind of sender.")
@click.option("--auth", help="How the sender proves itself, if not in its kind's default way.")
@click.option("--secret", help="A secret made by the sender, if it cannot take ours.")
def create(source_id: str, kind: str, auth: str | None, secret: str | None) -> None:
    """Create a source and print its URL and secret. The secret is shown only now.

    \b
    Example:
      aftertrain sources create tigris-models --kind tigris
    """
    _show(Client().sources.create(source_id, kind=kind, auth=auth, secret=secret))


@sources.command("connect")
@click.argument("bucket")
@click.option("--source", "source_id", help="The source's id. The default is the bucket's name.")
@click.option("--filter", "clause", help="A WHERE clause; the bucket sends only matching notifications.")
@click.option("--profile", help="The profile in ~/.aws/credentials with the credentials for Tigris.")
@click.option("--endpoint", default=ENDPOINT, show_default=True, help="The URL of Tigris' API.")
def connect(bucket: str, source_id: str | None, clause: str | None, profile: str | None, endpoint: str) -> None:
    """Connect BUCKET, tigris://NAME, to this stage: create or rotate its source, and configure the bucket.

    \b
    Example:
      aftertrain sources connect tigris://my-weights --filter 'WHERE `key` REGEXP "^final/"'
    """
    name = bucket.removeprefix("tigris://").strip("/")
    if not bucket.startswith("tigris://") or not name:
        raise click.UsageError(f"{bucket!r} is not of the form tigris://BUCKET")
    keys = keys_of(profile)  # before creating anything that would have to be undone
    client, target_id = Client(), source_id or slug(name)
    existing = next((candidate for candidate in client.sources.list() if candidate.id == target_id), None)
    if existing is not None and existing.kind != "tigris":
        raise click.UsageError(f"the source {target_id} is of kind {existing.kind}: choose another id with --source")
    if existing is None:
        source = client.sources.create(target_id, kind="tigris", auth="bearer")
    else:
        source = existing if existing.auth == "none" else client.sources.rotate(target_id)
    try:
        set_notifications(name, source.url, _credentials(source), clause, keys, endpoint)
    except BaseException:  # also on an interruption
        _revert_source(client, source, existing)  # a secret that Tigris never got must not replace the one it sends
        raise
    click.echo(f"{name} notifies {source.url}, as source {source.id}")


def _credentials(source: EventSource) -> dict[str, str]:
    """The credentials in the form of Tigris' API."""
    match source.auth:
        case "basic":
            return {"basic_user": source.id, "basic_pass": source.secret or ""}
        case "bearer":
            return {"token": source.secret or ""}
        case _:
            return {}


def _revert_source(client: Client, source: EventSource, existing: EventSource | None) -> None:
    if existing is None:
        client.sources.delete(source.id)
    elif existing.auth != "none":
        client.sources.rotate(source.id, undo=True)


@sources.command("rotate")
@click.argument("source_id")
@click.option("--secret", help="A secret made by the sender, if it cannot take ours.")
@click.option("--finish", is_flag=True, help="Stop accepting the old secret; makes no new one.")
def rotate(source_id: str, secret: str | None, finish: bool) -> None:
    """Make a new secret. The old one keeps working until --finish or the next rotation.

    \b
    Example:
      aftertrain sources rotate tigris-models
    """
    source = Client().sources.rotate(source_id, secret=secret, finish=finish)
    if finish:
        click.echo(f"{source_id}: only the newest secret works now")
    else:
        _show(source)


@sources.command("list")
def list_sources() -> None:
    """Show all sources.

    \b
    Example:
      aftertrain sources list
    """
    for source in Client().sources.list():
        click.echo(f"{source.id}  {source.kind}  {source.auth}  {source.url}")


@sources.command("delete")
@click.argument("source_id")
def delete(source_id: str) -> None:
    """Delete a source; its requests are refused from now on.

    \b
    Example:
      aftertrain sources delete tigris-models
    """
    Client().sources.delete(source_id)
    click.echo(f"{source_id}: deleted")


def _show(source: EventSource) -> None:
    click.echo(f"url     {source.url}")
    if source.secret is not None:
        click.echo(f"secret  {source.secret}")
    click.echo(setup(source))
