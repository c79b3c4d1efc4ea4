"""`aftertrain triggers list|test|backtest|resume`."""

import json
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from aftertrain.cli.dry_run import events_of, triggers_of
from aftertrain.cli.durations import Duration
from aftertrain.cli.verdicts import verdict_lines
from aftertrain.client import Client
from aftertrain.control.dry_run import judged
from aftertrain.control.lookup import published

_EVENT = click.Path(exists=True, dir_okay=False, path_type=Path)
NEAREST = 5


@click.group()
def triggers() -> None:
    """What starts which pipeline."""


@triggers.command("list")
@click.option("--pipeline", "pipeline_id", help="Only those of this pipeline.")
def list_triggers(pipeline_id: str | None) -> None:
    """Show all triggers."""
    for each in Client().event_triggers.list(pipeline_id):
        click.echo(f"{each.id}  {each.event_type} -> {each.pipeline_id}{'' if each.enabled else '  disabled'}")


@triggers.command("test")
@click.argument("trigger")
@click.option("--event", "event_file", type=_EVENT, required=True, help="A request of events/, or an event's envelope.")
@click.option("--json", "as_json", is_flag=True, help="The verdicts as JSON.")
def test_trigger(trigger: str, event_file: Path, as_json: bool) -> None:
    """Say what TRIGGER, a file or a trigger's id, would do with an event; nothing is sent, nothing starts.

    Exits with 1 if nothing would start.
    """
    items = [_written(each) for each in _items(trigger)]
    verdicts = [judged(event, item) for event in events_of(event_file) for item in items]
    if as_json:
        click.echo(json.dumps(verdicts, indent=2, ensure_ascii=False))
    else:
        _show(verdicts)
    if not any(each["would_start"] for each in verdicts):
        raise SystemExit(1)


@triggers.command("backtest")
@click.argument("trigger")
@click.option("--since", type=Duration(), default="7d", show_default=True, help="How far back.")
def backtest(trigger: str, since: float) -> None:
    """Say which stored events TRIGGER, a file or a trigger's id, would have matched, and what it just missed."""
    client = Client()
    for each in _items(trigger):
        found = client.event_triggers.backtest(each, since_seconds=since)
        name, pipeline = (each["id"], each["pipeline_id"]) if isinstance(each, dict) else (each, "it")
        newest = "" if found.complete else "the newest "
        many = f"{len(found.matched)} of {newest}{found.events} events"
        click.echo(f"{name}: {many} would have started {pipeline or 'it'}")
        _show(found.matched[:NEAREST])
        if found.missed:
            click.echo("  nearest misses:")
            _show(found.missed[:NEAREST])


@triggers.command("resume")
@click.argument("trigger_id")
def resume(trigger_id: str) -> None:
    """Let a trigger go on that started too often and was paused."""
    click.echo(f"{trigger_id}: goes on; {Client().event_triggers.resume(trigger_id)} events that were kept start now")


def _items(trigger: str) -> list[str | dict[str, Any]]:
    """The id of a trigger, or those of a file."""
    return [*triggers_of(Path(trigger))] if Path(trigger).is_file() else [trigger]


def _written(trigger: str | dict[str, Any]) -> dict[str, Any]:
    if isinstance(trigger, dict):
        return trigger
    client = Client()
    found = client.event_triggers.get(trigger)
    pipeline = client.pipelines.get(found.pipeline_id)
    return found.model_dump(mode="json") | {"types": published(pipeline.definition).types}


def _show(verdicts: list[dict[str, Any]]) -> None:
    named = [each | {"event": each["subject"] or each["event_id"]} for each in verdicts]
    if named:
        Console().print(verdict_lines(named, "event"), soft_wrap=True)
