"""Executions as a person sees them in a terminal."""

from collections.abc import Sequence
from datetime import UTC, datetime

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from aftertrain.client.models import Execution, StepRun

_STYLES = {
    "pending": ("·", "dim"),
    "running": ("▸", "cyan"),
    "succeeded": ("✓", "green"),
    "failed": ("✗", "red"),
    "skipped": ("-", "dim"),
    "aborted": ("✗", "yellow"),
    "timed_out": ("✗", "red"),
}
_CAUSE = 400


def executions_table(found: Sequence[Execution]) -> RenderableType:
    """One line per execution."""
    if not found:
        return Text("no executions")
    table = Table(box=None, pad_edge=False)
    for column in ("execution", "pipeline", "version", "status", "started", "event"):
        table.add_column(column, no_wrap=column != "event")
    for each in found:
        event = f"{each.event['event_type']} {each.event['subject']}"
        started = each.started_at[:19].replace("T", " ")
        table.add_row(each.id, each.pipeline_id, str(each.version), _status(each.status), started, event)
    return table


def execution_view(execution: Execution) -> RenderableType:
    """Every step with its state and duration, and why it failed if it did."""
    title = Text.assemble((execution.pipeline_id, "bold"), f" version {execution.version}  ", (execution.id, "dim"))
    table = Table(box=None, pad_edge=False, show_header=False)
    for step in execution.steps:
        table.add_row(Text("  ") + _status(step.status), step.id, _seconds(step), _detail(step))
    if not execution.finished:
        return Group(title, table)
    return Group(title, table, Text("  ") + _status(execution.status))


def _status(status: str) -> Text:
    sign, style = _STYLES.get(status, ("?", ""))
    return Text(f"{sign} {status}", style)


def _seconds(step: StepRun) -> str:
    if step.seconds is not None:
        return f"{step.seconds:.1f} s"
    if step.started_at is None or step.status != "running":
        return ""
    return f"{(datetime.now(UTC) - datetime.fromisoformat(step.started_at)).total_seconds():.0f} s"


def _detail(step: StepRun) -> Text:
    if step.error is not None:
        return Text(f"{step.error}: {step.cause or ''}"[:_CAUSE], "red")
    if not isinstance(step.output, dict):
        return Text("")
    scalars = {str(name): value for name, value in step.output.items() if isinstance(value, int | float)}
    return Text("  ".join(f"{name} {_number(value)}" for name, value in scalars.items()), "dim")


def _number(value: int | float) -> str:
    return str(value).lower() if isinstance(value, int) else f"{value:.4g}"
