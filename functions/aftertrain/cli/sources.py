"""`aftertrain sources create|connect|list|rotate|delete`: who may send, and what to tell the sender."""

import click

from aftertrain.aws.tigris import ENDPOINT, keys_of, set_notifications
from aftertrain.cli.setup import setup
from aftertrain.client import Client
from aftertrain.client.models import Source
from aftertrain.model.names import slug
from aftertrain.model.source import SOURCE_KINDS


@click.group()
def sources() -> None:
    """Who may send events."""


@sources.command("create")
@click.argument("source_id")
@click.option("--kind", type=click.Choice(SOURCE_KINDS), required=True, help="Who sends.")
@click.option("--auth", help="How it proves itself, if not as its kind does by default.")
@click.option("--secret", help="A secret that the sender made, where it does not take ours.")
def create(source_id: str, kind: str, auth: str | None, secret: str | None) -> None:
    """Make a source; its secret is shown this once."""
    _show(Client().sources.create(source_id, kind=kind, auth=auth, secret=secret))


@sources.command("connect")
@click.argument("bucket")
@click.option("--source", "source_id", help="The source's id; the bucket's name if it is left out.")
@click.option("--filter", "clause", help="The bucket's own WHERE clause: what it does not notify of at all.")
@click.option("--profile", help="The profile in ~/.aws/credentials that has Tigris' keys.")
@click.option("--endpoint", default=ENDPOINT, show_default=True, help="Tigris' API.")
def connect(bucket: str, source_id: str | None, clause: str | None, profile: str | None, endpoint: str) -> None:
    """Have BUCKET, tigris://NAME, notify this stage: makes a source, or a new secret for it, and tells Tigris."""
    name = bucket.removeprefix("tigris://").strip("/")
    if not bucket.startswith("tigris://") or not name:
        raise click.UsageError(f"{bucket!r} is no tigris://BUCKET")
    keys = keys_of(profile)  # before anything is made that would have to be taken back
    client, target_id = Client(), source_id or slug(name)
    existing = next((candidate for candidate in client.sources.list() if candidate.id == target_id), None)
    if existing is not None and existing.kind != "tigris":
        raise click.UsageError(f"the source {target_id} is of kind {existing.kind}: give another one by --source")
    if existing is None:
        source = client.sources.create(target_id, kind="tigris", auth="bearer")
    else:
        source = existing if existing.auth == "none" else client.sources.rotate(target_id)
    try:
        set_notifications(name, source.url, _credentials(source), clause, keys, endpoint)
    except BaseException:  # an interruption as well
        _revert_source(client, source, existing)  # what Tigris was not told of must not push out what it sends
        raise
    click.echo(f"{name} notifies {source.url}, as source {source.id}")


def _credentials(source: Source) -> dict[str, str]:
    """What Tigris is to prove itself with, as its API takes it."""
    match source.auth:
        case "basic":
            return {"basic_user": source.id, "basic_pass": source.secret or ""}
        case "bearer":
            return {"token": source.secret or ""}
        case _:
            return {}


def _revert_source(client: Client, source: Source, existing: Source | None) -> None:
    if existing is None:
        client.sources.delete(source.id)
    elif existing.auth != "none":
        client.sources.rotate(source.id, undo=True)


@sources.command("rotate")
@click.argument("source_id")
@click.option("--secret", help="A secret that the sender made, where it does not take ours.")
@click.option("--finish", is_flag=True, help="Make none; end the secret that was replaced.")
def rotate(source_id: str, secret: str | None, finish: bool) -> None:
    """Make a new secret; the one before it stays good until it is finished, or until the next one."""
    source = Client().sources.rotate(source_id, secret=secret, finish=finish)
    if finish:
        click.echo(f"{source_id}: the newest secret is the only one now")
    else:
        _show(source)


@sources.command("list")
def list_sources() -> None:
    """Show all sources."""
    for source in Client().sources.list():
        click.echo(f"{source.id}  {source.kind}  {source.auth}  {source.url}")


@sources.command("delete")
@click.argument("source_id")
def delete(source_id: str) -> None:
    """Take a source away; its requests are refused from now on."""
    Client().sources.delete(source_id)
    click.echo(f"{source_id}: deleted")


def _show(source: Source) -> None:
    click.echo(f"url     {source.url}")
    if source.secret is not None:
        click.echo(f"secret  {source.secret}")
    click.echo(setup(source))
