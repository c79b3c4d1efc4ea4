"""`aftertrain deploy`: `cdk deploy` with the CDK and the Node that come from PyPI."""

import subprocess
import sys
from pathlib import Path

import click

from aftertrain.cli.deploy_losses import losses
from aftertrain.cli.toolchain import cdk_command, cdk_environment

SHOWN = 20


@click.command(context_settings={"ignore_unknown_options": True})
@click.option("--bootstrap", is_flag=True, help="First prepare the account and the region for the CDK; needed once.")
@click.option("--yes", is_flag=True, help="Do not ask before resources or permissions are taken away.")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def deploy(bootstrap: bool, yes: bool, arguments: tuple[str, ...]) -> None:
    """Deploy the stack from the project's folder, with the CDK and the Node from PyPI. ARGUMENTS go to cdk. Asks first
    if the deploy would take resources or permissions away.

    \b
    Example:
      aftertrain deploy --bootstrap -c 'model_buckets=["my-weights"]'
    """
    if not Path("cdk.json").exists():
        raise click.UsageError("there is no cdk.json in this folder: run the command in the project's folder")
    if bootstrap:
        _run("bootstrap", *arguments)
    if not yes:
        _ask_about_losses(arguments)
    _run("deploy", *arguments)


def _run(*command: str) -> None:
    if subprocess.run(cdk_command(*command), env=cdk_environment(), check=False).returncode:
        raise SystemExit(1)


def _ask_about_losses(arguments: tuple[str, ...]) -> None:
    """Ask whether the deploy may take away what it would. Where nobody can answer, it may not."""
    command = cdk_command("diff", "--no-color", *arguments)
    shown = subprocess.run(command, env=cdk_environment(), check=False, capture_output=True, text=True)
    if shown.returncode:
        raise click.ClickException(f"cdk diff failed:\n{shown.stderr.strip()}")
    taken = losses(shown.stdout + shown.stderr)
    if not taken:
        return
    for line in taken[:SHOWN]:
        click.echo(f"This deploy {line}.", err=True)
    if len(taken) > SHOWN:
        click.echo(f"… and {len(taken) - SHOWN} more.", err=True)
    click.echo("If a setting is missing, write it into cdk.json, where everybody who deploys has it.", err=True)
    if not sys.stdin.isatty():
        raise click.ClickException("nobody can be asked: add --yes to deploy all the same")
    click.confirm("Deploy?", abort=True, err=True)
