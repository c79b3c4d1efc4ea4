"""`aftertrain compile FILE`: prints what a definition compiles to."""

from collections.abc import Callable
from pathlib import Path
from typing import get_args

import click

from aftertrain.asl.emit import pretty
from aftertrain.cli.files import compiled
from aftertrain.compiler import draw
from aftertrain.compiler.compile import Compiled
from aftertrain.model.definition import Backend, Compute

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
    "--format",
    "form",
    type=click.Choice(list(FORMATS)),
    default="asl",
    show_default=True,
    help="The form of the output.",
)
@click.option(
    "--backend",
    type=click.Choice(list(get_args(Backend))),
    default="worker",
    show_default=True,
    help="The backend of jobs without `compute.backend`.",
)
def compile_file(file: Path, form: str, backend: Backend) -> None:
    """Show the state machine of a pipeline, a drawing of it, or its cost. ${…} marks values that the stage fills in.

    \b
    Example:
      aftertrain compile pipelines/eval-convert-deploy.yaml --format tree
    """
    click.echo(FORMATS[form](compiled(file, Compute(backend=backend))), nl=False)
