"""`aftertrain validate FILE…`: shows every mistake in a definition."""

from pathlib import Path

import click

from aftertrain.cli.failures import DefinitionFileError, explain
from aftertrain.cli.files import compiled
from aftertrain.errors import exit_code


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def validate(files: tuple[Path, ...]) -> None:
    """Check pipeline definitions and show every mistake. Nothing is sent.

    \b
    Example:
      aftertrain validate pipelines/*.yaml
    """
    worst = 0
    for file in files:
        try:
            steps = len(compiled(file).definition.steps)
        except DefinitionFileError as error:
            click.echo(explain(error), err=True)
            worst = exit_code(error)
        else:
            click.echo(f"{file}: {steps} step{'s' if steps != 1 else ''}, no mistakes")
    if worst:
        raise SystemExit(worst)
