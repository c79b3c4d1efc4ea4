"""`aftertrain event-types register|list|delete`: schemas for the data of custom event types."""

from pathlib import Path

import click

from aftertrain.client import Client
from aftertrain.model.strict_json import NotStrictJsonError, read_json


@click.group("event-types")
def event_types() -> None:
    """Manage the schemas of event types."""


@event_types.command("register")
@click.argument("event_type")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def register(event_type: str, file: Path) -> None:
    """Register FILE, a JSON Schema, for EVENT_TYPE. The webhook then refuses events whose data does not fit.

    \b
    Example:
      aftertrain event-types register training.finished schema.json
    """
    try:
        schema = read_json(file.read_bytes(), str(file))
    except NotStrictJsonError as error:
        raise click.UsageError(error.message) from None
    Client().event_types.register(event_type, schema)
    click.echo(f"{event_type}: events must fit {file}")


@event_types.command("list")
def list_event_types() -> None:
    """Show the event types that have a schema.

    \b
    Example:
      aftertrain event-types list
    """
    for name, schema in Client().event_types.list().items():
        click.echo(f"{name}  {', '.join(schema.get('properties', {})) or 'any fields'}")


@event_types.command("delete")
@click.argument("event_type")
def delete(event_type: str) -> None:
    """Delete the schema of EVENT_TYPE; its events may have any data again.

    \b
    Example:
      aftertrain event-types delete training.finished
    """
    Client().event_types.delete(event_type)
    click.echo(f"{event_type}: events may have any data")
