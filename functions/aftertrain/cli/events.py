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
    newest = Client().events.list(since_seconds=since, limit=limit, everything=everything)
    if not newest:
        click.echo("no events")
    for event in newest:
        Console().print(_line(event), soft_wrap=True)


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
    verdicts = [verdict for verdict in event.verdicts if trigger_id in (None, verdict["trigger_id"])]
    Console().print(_line(event), soft_wrap=True)
    no_trigger = Text("  no trigger is on events of this type")
    Console().print(verdict_lines(verdicts) if verdicts else no_trigger, soft_wrap=True)


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
    client = Client().events
    single = [client.replay(source_id, event_id, attempt)] if event_id else []
    end = until or 0.0
    for result in single or client.replay_since(source_id, since or 0.0, until_seconds=end, attempt=attempt):
        outcomes = ", ".join(f"{verdict['trigger_id']}: {verdict['verdict']}" for verdict in result["verdicts"])
        click.echo(f"{result['record_id']}  {result.get('refused') or outcomes or 'no trigger matches'}")


@events.command("replay-dead-letters")
def replay_dead_letters() -> None:
    """Queue again the events that the redrives have given up on; what has started meanwhile starts nothing."""
    click.echo(f"{Client().events.replay_dead_letters()} events queued again")


events.add_command(send, "send")


def _line(event: Event) -> Text:
    """The whole id stands at the end: ids are there to be copied."""
    received = datetime.fromtimestamp(event.received_at, UTC).strftime("%Y-%m-%d %H:%M:%S")
    outcomes = Text(", ").join(styled(verdict["verdict"]) for verdict in event.verdicts[:SHOWN])
    name = (f"{event.source_id} {event.record_id}", "bold")
    return Text.assemble(f"{received}  {event.event_type}  {event.subject or '-'}  ", outcomes, "  ", name)
