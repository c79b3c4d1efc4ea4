"""`aftertrain events …`: what was received, and why it did or did not start something.

list, show, explain, replay, replay-dead-letters, send
"""

from datetime import UTC, datetime

import click
from rich.console import Console
from rich.text import Text

from aftertrain.cli.durations import Duration
from aftertrain.cli.send import send
from aftertrain.cli.verdicts import styled, verdict_lines
from aftertrain.client import Client
from aftertrain.client.models import Event

SHOWN = 4  # verdicts in a line; `explain` shows all


@click.group()
def events() -> None:
    """What was received, and what became of it."""


@events.command("list")
@click.option("--since", type=Duration(), default="1d", show_default=True, help="How far back.")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True)
@click.option("--all", "everything", is_flag=True, help="Those too that matched no trigger; reads the whole ledger.")
def list_events(since: float, limit: int, everything: bool) -> None:
    """Show the newest events that some trigger matched."""
    found = Client().events.list(since_seconds=since, limit=limit, everything=everything)
    if not found:
        click.echo("no events")
    for each in found:
        Console().print(_line(each), soft_wrap=True)


@events.command("show")
@click.argument("source_id")
@click.argument("event_id")
def show_event(source_id: str, event_id: str) -> None:
    """Show everything that is known of an event, as JSON."""
    click.echo(Client().events.get(source_id, event_id).model_dump_json(indent=2))


@events.command("explain")
@click.argument("source_id")
@click.argument("event_id")
@click.option("--trigger", "trigger_id", help="Only this trigger.")
def explain_event(source_id: str, event_id: str, trigger_id: str | None) -> None:
    """Show what every trigger on the event's type said of it, and what decided."""
    event = Client().events.get(source_id, event_id)
    verdicts = [each for each in event.verdicts if trigger_id in (None, each["trigger_id"])]
    Console().print(_line(event), soft_wrap=True)
    nobody = Text("  no trigger is on events of this type")
    Console().print(verdict_lines(verdicts) if verdicts else nobody, soft_wrap=True)


@events.command("replay")
@click.argument("source_id")
@click.argument("event_id", required=False)
@click.option("--since", type=Duration(), help="Instead of one event: all of the source that matched since then.")
@click.option("--until", type=Duration(), help="With --since: not those that came after that.")
@click.option(
    "--attempt", type=click.IntRange(2, 99), help="The number of the replay: the same one starts nothing twice."
)
def replay(source_id: str, event_id: str | None, since: float | None, until: float | None, attempt: int | None) -> None:
    """Let an event happen once more: recorded and matched anew, with executions of its own."""
    if (event_id is None) == (since is None):
        raise click.UsageError("give one event's id, or --since")
    if until is not None and since is None:
        raise click.UsageError("--until goes with --since")
    found = Client().events
    one = [found.replay(source_id, event_id, attempt)] if event_id else []
    ended = until or 0.0
    for again in one or found.replay_since(source_id, since or 0.0, until_seconds=ended, attempt=attempt):
        words = ", ".join(f"{verdict['trigger_id']}: {verdict['verdict']}" for verdict in again["verdicts"])
        click.echo(f"{again['record_id']}  {again.get('refused') or words or 'no trigger matches'}")


@events.command("replay-dead-letters")
def replay_dead_letters() -> None:
    """Queue again the events that the redrives have given up on; what has started meanwhile starts nothing."""
    click.echo(f"{Client().events.replay_dead_letters()} events queued again")


events.add_command(send, "send")


def _line(event: Event) -> Text:
    """The whole id stands at the end: ids are there to be copied."""
    at = datetime.fromtimestamp(event.received_at, UTC).strftime("%Y-%m-%d %H:%M:%S")
    words = Text(", ").join(styled(each["verdict"]) for each in event.verdicts[:SHOWN])
    name = (f"{event.source_id} {event.record_id}", "bold")
    return Text.assemble(f"{at}  {event.event_type}  {event.subject or '-'}  ", words, "  ", name)
