"""`aftertrain compile FILE`: what a definition becomes, on standard output."""

from collections.abc import Callable
from pathlib import Path

import click

from aftertrain.asl.emit import pretty
from aftertrain.cli.files import compiled
from aftertrain.compiler import draw
from aftertrain.compiler.compile import Compiled

FORMATS: dict[str, Callable[[Compiled], str]] = {
    "asl": lambda found: pretty(found.asl),
    "mermaid": draw.mermaid,
    "dot": draw.dot,
    "tree": draw.tree,
    "cost": draw.cost,
}


@click.command("compile")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--format", "form", type=click.Choice(list(FORMATS)), default="asl", show_default=True, help="What to show."
)
def compile_file(file: Path, form: str) -> None:
    """Show the Step Functions definition of a pipeline, or a picture of it; ${…} stands for what a stage fills in."""
    click.echo(FORMATS[form](compiled(file)), nl=False)
