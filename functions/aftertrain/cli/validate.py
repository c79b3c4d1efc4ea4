"""`aftertrain validate FILE…`: every mistake in a definition, or none."""

from pathlib import Path

import click

from aftertrain.cli.files import compiled


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def validate(files: tuple[Path, ...]) -> None:
    """Check pipeline definitions; nothing is sent anywhere."""
    for file in files:
        steps = len(compiled(file).definition.steps)
        click.echo(f"{file}: {steps} step{'s' if steps != 1 else ''}, no mistakes")
