"""`aftertrain compile FILE`: the state machine that a definition becomes, on standard output."""

from pathlib import Path

import click

from aftertrain.asl.emit import pretty
from aftertrain.cli.files import compiled


@click.command("compile")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def compile_file(file: Path) -> None:
    """Show the Step Functions definition of a pipeline; ${…} stands for what a stage fills in."""
    click.echo(pretty(compiled(file).asl), nl=False)
