"""`aftertrain apply FOLDER`: creates or updates every pipeline of a folder, with its triggers."""

from pathlib import Path
from typing import Any

import click

from aftertrain.cli.failures import DefinitionFileError, diagnostic_of
from aftertrain.cli.files import compiled
from aftertrain.cli.leftovers import leftovers, remove
from aftertrain.client import Client, InvalidRequestError
from aftertrain.client.models import Pipeline
from aftertrain.errors import ConflictError
from aftertrain.model.definition import Definition, TriggerSpec
from aftertrain.model.names import slug


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Also publish unchanged pipelines, with the current compiler.")
@click.option("--prune", is_flag=True, help="Delete the pipelines and triggers that the stage has and no file has.")
def apply(folder: Path, force: bool, prune: bool) -> None:
    """Create or update every pipeline of a folder, with its triggers. All files are checked before the first request.
    Then name what the stage has and no file has; it goes on firing.

    \b
    Example:
      aftertrain apply pipelines/
    """
    files = sorted([*folder.glob("*.yaml"), *folder.glob("*.yml"), *folder.glob("*.json")])
    if not files:
        raise click.UsageError(f"{folder} contains no .yaml, .yml or .json file")
    checked = [(file, compiled(file).definition) for file in files]
    ids: dict[str, Path] = {}
    for file, definition in checked:
        existing = ids.setdefault(_id_of(file, definition), file)
        if existing != file:
            raise ConflictError(f"{existing} and {file} have the same pipeline name: rename one of them")
    client = Client()
    existing_pipelines = {pipeline.id: pipeline for pipeline in client.pipelines.list()}
    applied: dict[str, list[str]] = {}
    for file, definition in checked:
        pipeline_id = _apply_pipeline(client, file, definition, existing_pipelines, force=force)
        applied[pipeline_id] = _trigger_ids(pipeline_id, definition)
        for trigger_id, trigger in zip(applied[pipeline_id], definition.triggers, strict=True):
            _apply_trigger(client, pipeline_id, trigger_id, trigger)
    _tell_leftovers(applied, client, prune=prune)


def _trigger_ids(pipeline_id: str, definition: Definition) -> list[str]:
    return [trigger.id or f"{pipeline_id[:40]}-{number}" for number, trigger in enumerate(definition.triggers)]


def _tell_leftovers(applied: dict[str, list[str]], client: Client, *, prune: bool) -> None:
    found = leftovers(applied, client)
    for leftover in found:
        click.echo(remove(leftover, client) if prune else f"{leftover.sentence}.", err=not prune)
    if found and not prune:
        click.echo("If they should not run any more, use --prune.", err=True)


def _id_of(file: Path, definition: Definition) -> str:
    return slug(definition.name if definition.name != "unnamed" else file.stem)


def _dump_definition(definition: Definition) -> dict[str, Any]:
    """The definition as written, which is its stored form."""
    return definition.model_dump(mode="json", exclude_unset=True, by_alias=True)


def _apply_pipeline(
    client: Client, file: Path, definition: Definition, known: dict[str, Pipeline], *, force: bool
) -> str:
    text = file.read_text(encoding="utf-8")
    pipeline_id = _id_of(file, definition)
    try:
        existing = known.get(pipeline_id)
        if existing is None:
            pipeline = client.pipelines.create(id=pipeline_id, definition=text)
        elif not force and existing.definition == _dump_definition(definition):
            click.echo(f"{file}: pipeline {pipeline_id} is unchanged, version {existing.version}")
            return pipeline_id
        else:
            pipeline = client.pipelines.update(pipeline_id, definition=text)
    except InvalidRequestError as error:
        if not error.diagnostics:
            raise
        raise DefinitionFileError(file, text, [diagnostic_of(item) for item in error.diagnostics]) from None
    click.echo(f"{file}: pipeline {pipeline.id} is at version {pipeline.version}")
    return pipeline.id


def _apply_trigger(client: Client, pipeline_id: str, trigger_id: str, trigger: TriggerSpec) -> None:
    fields = trigger.model_dump(exclude={"id"})
    try:
        existing = client.event_triggers.get(trigger_id)
    except InvalidRequestError as error:
        if error.status != 404:
            raise
        client.event_triggers.create(id=trigger_id, pipeline_id=pipeline_id, **fields)
        click.echo(f"  trigger {trigger_id}: created")
    else:
        if existing.pipeline_id != pipeline_id:
            raise ConflictError(
                f"trigger {trigger_id!r} belongs to pipeline {existing.pipeline_id!r}: give this one another id"
            )
        client.event_triggers.update(trigger_id, **fields)
        click.echo(f"  trigger {trigger_id}: updated")
