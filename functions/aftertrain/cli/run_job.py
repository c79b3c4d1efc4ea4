"""`aftertrain job run NAME --input FILE`: runs any job on this machine, by the code of containers and workers.

An image instead of the name runs its own program (`job_run`); `--image` runs one of our jobs in an image.
"""

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import click

from aftertrain.actions.catalogue import ACTIONS
from aftertrain.errors import OperatorError

# Environment variables that the container gets; docker takes their values from this process.
PASSED = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION", "AFTERTRAIN_BUCKETS")
OUTPUT_URI = "s3://desk/output"
PROGRAM = (
    "python3",
    "-m",
    "aftertrain.jobs.container",
)  # as on Batch and SageMaker, instead of the image's own command
STDERR = 2


@click.group()
def job() -> None:
    """Run jobs on this machine, by the code of workers, Batch and SageMaker."""


@job.command("run")
@click.argument("name")
@click.option(
    "--input",
    "input_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    help="A JSON file with the job's params.",
)
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    help="A folder for the files that the job writes. Without it they are deleted.",
)
@click.option("--image", help="Run the job in this container image, with docker.")
@click.option("--gpus", help="GPUs for the container, in docker's form: all, or 2.")
def run_job(name: str, input_file: Path, output: Path | None, image: str | None, gpus: str | None) -> None:
    """Run the job NAME, or the program of an image, and print its output. The exit code is 1 if it fails.

    \b
    Example:
      aftertrain job run model_evaluate --input params.json
    """
    if image is None and ("/" in name or ":" in name):
        name, image = "job_run", name
    try:
        params = json.loads(input_file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise click.UsageError(f"{input_file} is not JSON: {error}") from None
    with tempfile.TemporaryDirectory(prefix="aftertrain-desk-") as folder:
        target = (output or Path(folder, "written")).absolute()
        spec = {"job": name, "step": name, "execution": "desk", "params": params, "output_uri": OUTPUT_URI}
        spec |= {"max_bytes": ACTIONS[name].max_bytes} if name in ACTIONS else {}
        result = Path(folder, "output.json")
        code = _run_image(image, gpus, spec, Path(folder), target) if image else _run_here(spec, Path(folder), target)
        if not result.exists():
            raise OperatorError(f"the job wrote no output; it ended with code {code}")
        click.echo(json.dumps(json.loads(result.read_text()), indent=2))
    raise SystemExit(code)


def _run_here(spec: dict[str, Any], folder: Path, target: Path) -> int:
    from aftertrain.jobs import run

    input_path = _write_input(spec, folder, str(target))
    return run.main(input_path, folder / "output.json")


def _run_image(image: str, gpus: str | None, spec: dict[str, Any], folder: Path, target: Path) -> int:
    """Run it as Batch and SageMaker do: environment variables name the input and output files."""
    docker = shutil.which("docker")
    if docker is None:
        raise OperatorError("docker is not on PATH: install it to run a job in an image")
    target.mkdir(parents=True, exist_ok=True)
    _write_input(spec, folder, "/written")
    command = [docker, "run", "--rm", "-v", f"{folder}:/job", "-v", f"{target}:/written"]
    command += ["-e", "AFTERTRAIN_INPUT=/job/input.json", "-e", "AFTERTRAIN_OUTPUT=/job/output.json"]
    for name in (name for name in PASSED if name in os.environ):
        command += ["-e", name]
    command += ["--gpus", gpus] if gpus else []
    command += ["--entrypoint", PROGRAM[0], image, *PROGRAM[1:]]
    # Standard output holds only the job's output.
    return subprocess.run(command, check=False, stdout=STDERR).returncode


def _write_input(spec: dict[str, Any], folder: Path, mount_path: str) -> Path:
    input_path = folder / "input.json"
    input_path.write_text(json.dumps(spec | {"mounts": [{"uri": f"{OUTPUT_URI}/", "path": mount_path}]}))
    return input_path
