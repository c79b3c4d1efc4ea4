"""`aftertrain job run NAME --input FILE`: any job at one's desk, by the code that containers and workers run."""

import json
import tempfile
from pathlib import Path

import click


@click.group()
def job() -> None:
    """Jobs: what runs on workers, Batch and SageMaker."""


@job.command("run")
@click.argument("name")
@click.option(
    "--input",
    "input_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    help="The job's params, as JSON.",
)
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    help="A folder for what the job writes; it is lost without one.",
)
def run_job(name: str, input_file: Path, output: Path | None) -> None:
    """Run the job NAME here and print its output; exits with 1 if it fails."""
    from aftertrain.jobs import run

    try:
        params = json.loads(input_file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise click.UsageError(f"{input_file} is no JSON: {error}") from None
    with tempfile.TemporaryDirectory(prefix="aftertrain-desk-") as folder:
        given, result = Path(folder, "input.json"), Path(folder, "output.json")
        place = str((output or Path(folder, "written")).absolute())
        told = {"job": name, "step": name, "execution": "desk", "params": params, "output_uri": "s3://desk/output"}
        given.write_text(json.dumps(told | {"mounts": [{"uri": "s3://desk/output/", "path": place}]}))
        code = run.main(given, result)
        click.echo(json.dumps(json.loads(result.read_text()), indent=2))
    raise SystemExit(code)
