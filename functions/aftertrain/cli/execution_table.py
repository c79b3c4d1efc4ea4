"""Executions as tables for the terminal."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

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


def executions_list(executions: Sequence[Execution]) -> RenderableType:
    """One line per execution; the id comes last, so that it can be copied."""
    if not executions:
        return Text("no executions")
    width = max(len(execution.pipeline_id) for execution in executions)
    return Text("\n").join(
        Text.assemble(
            execution.started_at[:19].replace("T", " "),
            "  ",
            _pad(_status(execution.status), 11),
            f"  {execution.pipeline_id:{width}} version {execution.version}  ",
            (execution.id, "bold"),
        )
        for execution in executions
    )


def execution_view(execution: Execution) -> RenderableType:
    """Every step with its status, duration, cost, and error if it failed."""
    title = Text.assemble((execution.pipeline_id, "bold"), f" version {execution.version}  ", (execution.id, "dim"))
    table = Table(box=None, pad_edge=False, show_header=False)
    for step in execution.steps:
        table.add_row(f"  {step.id}", _status(step.status), f"{_seconds(step)}  {_cost(step)}".rstrip(), _detail(step))
    if not execution.finished:
        return Group(title, table)
    return Group(title, table, Text("  ") + _status(execution.status) + Text(f"  {_cost(execution)}".rstrip()))


def _status(status: str) -> Text:
    sign, style = _STYLES.get(status, ("?", ""))
    return Text(f"{sign} {status}", style)


def _pad(text: Text, width: int) -> Text:
    text.pad_right(max(0, width - len(text)))
    return text


def _seconds(step: StepRun) -> str:
    if step.seconds is not None:
        return f"{step.seconds:.1f} s"
    if step.started_at is None or step.status != "running":
        return ""
    return f"{(datetime.now(UTC) - datetime.fromisoformat(step.started_at)).total_seconds():.0f} s"


def _cost(spender: StepRun | Execution) -> str:
    """The known GPU hours and the estimated dollars."""
    hours = f"{spender.gpu_hours:.2f} GPU h" if spender.gpu_hours else ""
    return f"{hours}  ~${spender.dollars:.2f}".strip() if spender.dollars is not None else hours


def _detail(step: StepRun) -> Text:
    if step.error is not None:
        return Text(f"{step.error}: {step.cause or ''}"[:_CAUSE], "red")
    if step.progress is not None:
        return Text(_progress(step.progress), "dim")
    if not isinstance(step.output, dict):
        return Text("")
    scalars = {str(name): value for name, value in step.output.items() if isinstance(value, int | float)}
    return Text("  ".join(f"{name} {_number(value)}" for name, value in scalars.items()), "dim")


def _progress(progress: dict[str, Any]) -> str:
    """`40 %  accuracy 0.91`; a custom program may report anything."""
    done, metrics = progress.get("done"), progress.get("metrics")
    parts = [f"{done:.0%}".replace("%", " %")] if isinstance(done, int | float) else []
    if isinstance(metrics, dict):
        parts += [f"{name} {_number(value)}" for name, value in metrics.items() if isinstance(value, int | float)]
    return "  ".join(parts)


def _number(value: int | float) -> str:
    return str(value).lower() if isinstance(value, int) else f"{value:.4g}"
