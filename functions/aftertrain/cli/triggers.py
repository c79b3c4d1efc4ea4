"""`aftertrain triggers list|test|backtest|resume`."""

import json
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from aftertrain.cli.durations import Duration
from aftertrain.cli.trigger_files import events_of, triggers_of
from aftertrain.cli.verdicts import verdict_lines
from aftertrain.client import Client
from aftertrain.control.dry_run import dry_run
from aftertrain.control.require import published_definition

_EVENT = click.Path(exists=True, dir_okay=False, path_type=Path)
NEAREST = 5


@click.group()
def triggers() -> None:
    """Look at triggers and test them."""


@triggers.command("list")
@click.option("--pipeline", "pipeline_id", help="Only triggers of this pipeline.")
def list_triggers(pipeline_id: str | None) -> None:
    """Show all triggers.

    \b
    Example:
      aftertrain triggers list --pipeline eval-convert-deploy
    """
    for item in Client().event_triggers.list(pipeline_id):
        click.echo(f"{item.id}  {item.event_type} -> {item.pipeline_id}{'' if item.enabled else '  disabled'}")


@triggers.command("test")
@click.argument("trigger")
@click.option(
    "--event", "event_file", type=_EVENT, required=True, help="A sample request from events/, or an event's envelope."
)
@click.option("--json", "as_json", is_flag=True, help="Print the verdicts as JSON.")
def test_trigger(trigger: str, event_file: Path, as_json: bool) -> None:
    """Show what TRIGGER, a file or an id, would do with an event. Nothing is sent, and nothing starts. The exit code is
    1 if nothing would start.

    \b
    Example:
      aftertrain triggers test pipelines/auto-deploy-new-models.yaml --event events/platform/model-added.json
    """
    items = [_load_trigger(entry) for entry in _items(trigger)]
    events, sender = events_of(event_file)
    verdicts = [dry_run(event, sender, item) for event in events for item in items]
    if as_json:
        click.echo(json.dumps(verdicts, indent=2, ensure_ascii=False))
    else:
        _show(verdicts)
    if not any(entry["would_start"] for entry in verdicts):
        raise SystemExit(1)


@triggers.command("backtest")
@click.argument("trigger")
@click.option("--since", type=Duration(), default="7d", show_default=True, help="How far to look back.")
def backtest(trigger: str, since: float) -> None:
    """Show which stored events TRIGGER, a file or an id, would have matched, and its nearest misses.

    \b
    Example:
      aftertrain triggers backtest pipelines/eval-convert-deploy.yaml --since 7d
    """
    client = Client()
    for entry in _items(trigger):
        result = client.event_triggers.backtest(entry, since_seconds=since)
        name, pipeline = (entry["id"], entry["pipeline_id"]) if isinstance(entry, dict) else (entry, "it")
        newest = "" if result.complete else "the newest "
        count = f"{len(result.matched)} of {newest}{result.events} events"
        click.echo(f"{name}: {count} would have started {pipeline or 'it'}")
        _show(result.matched[:NEAREST])
        if result.missed:
            click.echo("  nearest misses:")
            _show(result.missed[:NEAREST])


@triggers.command("resume")
@click.argument("trigger_id")
def resume(trigger_id: str) -> None:
    """Resume a trigger that its `rate` policy has paused.

    \b
    Example:
      aftertrain triggers resume TRIGGER
    """
    click.echo(f"{trigger_id}: resumed; {Client().event_triggers.resume(trigger_id)} kept events start now")


def _items(trigger: str) -> list[str | dict[str, Any]]:
    """The triggers of a file, or a trigger's id."""
    return [*triggers_of(Path(trigger))] if Path(trigger).is_file() else [trigger]


def _load_trigger(trigger: str | dict[str, Any]) -> dict[str, Any]:
    if isinstance(trigger, dict):
        return trigger
    client = Client()
    stored = client.event_triggers.get(trigger)
    pipeline = client.pipelines.get(stored.pipeline_id)
    return stored.model_dump(mode="json") | {"types": published_definition(pipeline.definition).types}


def _show(verdicts: list[dict[str, Any]]) -> None:
    rows = [verdict | {"event": verdict["subject"] or verdict["event_id"]} for verdict in verdicts]
    if rows:
        Console().print(verdict_lines(rows, "event"), soft_wrap=True)
