"""`aftertrain deploy`: `cdk deploy` with the CDK and the Node that come from PyPI."""

import subprocess
from pathlib import Path

import click

from aftertrain.cli.toolchain import cdk_command, cdk_environment


@click.command(context_settings={"ignore_unknown_options": True})
@click.option("--bootstrap", is_flag=True, help="First prepare the account and the region for the CDK; needed once.")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def deploy(bootstrap: bool, arguments: tuple[str, ...]) -> None:
    """Deploy the stack from the project's folder, with the CDK and the Node from PyPI. ARGUMENTS go to cdk.

    \b
    Example:
      aftertrain deploy --bootstrap -c 'model_buckets=["my-weights"]'
    """
    if not Path("cdk.json").exists():
        raise click.UsageError("there is no cdk.json in this folder: run the command in the project's folder")
    for command in (["bootstrap"] if bootstrap else []) + ["deploy"]:
        result = subprocess.run(cdk_command(command, *arguments), env=cdk_environment(), check=False)
        if result.returncode:
            raise SystemExit(1)
