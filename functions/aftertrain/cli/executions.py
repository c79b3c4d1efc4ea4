"""`aftertrain executions list|get|stop|watch`."""

from typing import get_args

import click
from rich.console import Console
from rich.live import Live

from aftertrain.cli.execution_table import execution_view, executions_list
from aftertrain.client import Client
from aftertrain.control.executions import Status


@click.group()
def executions() -> None:
    """Look at executions, follow them, and stop them."""


@executions.command("list")
@click.option("--pipeline", "pipeline_id", help="Only executions of this pipeline.")
@click.option("--status", type=click.Choice(get_args(Status)), help="Only executions with this status.")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many to show.")
def list_executions(pipeline_id: str | None, status: str | None, limit: int) -> None:
    """Show the newest executions.

    \b
    Example:
      aftertrain executions list --status failed
    """
    newest = Client().executions.list(pipeline_id, status=status, limit=limit)
    Console().print(executions_list(newest), soft_wrap=True)


@executions.command("get")
@click.argument("execution_id")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
def get_execution(execution_id: str, as_json: bool) -> None:
    """Show one execution with its steps.

    \b
    Example:
      aftertrain executions get EXECUTION
    """
    execution = Client().executions.get(execution_id)
    if as_json:
        click.echo(execution.model_dump_json(indent=2))
    else:
        Console().print(execution_view(execution))


@executions.command("stop")
@click.argument("execution_id")
@click.option("--cause", default="stopped by hand", show_default=True, help="The reason, for its history.")
def stop_execution(execution_id: str, cause: str) -> None:
    """Stop an execution and its jobs.

    \b
    Example:
      aftertrain executions stop EXECUTION --cause 'wrong data'
    """
    Client().executions.stop(execution_id, cause)
    click.echo(f"{execution_id}: stopped")


@executions.command("watch")
@click.argument("execution_id")
def watch_execution(execution_id: str) -> None:
    """Follow an execution to its end. The exit code is 1 if it does not succeed.

    \b
    Example:
      aftertrain executions watch EXECUTION
    """
    with Live(console=Console(), auto_refresh=False) as live:
        for execution in Client().executions.watch(execution_id):
            live.update(execution_view(execution), refresh=True)
    raise SystemExit(0 if execution.status == "succeeded" else 1)
