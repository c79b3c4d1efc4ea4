"""`aftertrain event-types register|list|delete`: what the data of one's own event types has to look like."""

import json
from pathlib import Path

import click

from aftertrain.client import Client


@click.group("event-types")
def event_types() -> None:
    """Schemas of event types."""


@event_types.command("register")
@click.argument("event_type")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def register(event_type: str, file: Path) -> None:
    """Have events of EVENT_TYPE refused whose data does not fit FILE, a JSON Schema."""
    try:
        schema = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise click.UsageError(f"{file} is no JSON: {error}") from None
    Client().event_types.register(event_type, schema)
    click.echo(f"{event_type}: events have to fit {file}")


@event_types.command("list")
def list_event_types() -> None:
    """Show the types that have a schema."""
    for name, schema in Client().event_types.list().items():
        click.echo(f"{name}  {', '.join(schema.get('properties', {})) or 'any fields'}")


@event_types.command("delete")
@click.argument("event_type")
def delete(event_type: str) -> None:
    """Take a schema away: events of the type may have any data again."""
    Client().event_types.delete(event_type)
    click.echo(f"{event_type}: any data is taken again")
