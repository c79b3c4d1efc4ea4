"""`aftertrain events …`: received events, and why they did or did not start something.

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
from aftertrain.client.models import ReceivedEvent

SHOWN = 4  # verdicts in a line; `explain` shows all


@click.group()
def events() -> None:
    """Look at received events, and replay them."""


@events.command("list")
@click.option("--since", type=Duration(), default="1d", show_default=True, help="How far to look back.")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many to show.")
@click.option(
    "--all", "everything", is_flag=True, help="Include events that matched no trigger (slower: reads the whole ledger)."
)
def list_events(since: float, limit: int, everything: bool) -> None:
    """Show the newest events that matched a trigger.

    \b
    Example:
      aftertrain events list --since 7d --all
    """
    newest = Client().events.list(since_seconds=since, limit=limit, everything=everything)
    if not newest:
        click.echo("no events")
    for event in newest:
        Console().print(_line(event), soft_wrap=True)


@events.command("show")
@click.argument("source_id")
@click.argument("event_id")
def show_event(source_id: str, event_id: str) -> None:
    """Print everything that is known about an event, as JSON.

    \b
    Example:
      aftertrain events show SOURCE EVENT
    """
    click.echo(Client().events.get(source_id, event_id).model_dump_json(indent=2))


@events.command("explain")
@click.argument("source_id")
@click.argument("event_id")
@click.option("--trigger", "trigger_id", help="Only explain this trigger.")
def explain_event(source_id: str, event_id: str, trigger_id: str | None) -> None:
    """Explain why each trigger did or did not start something for an event.

    \b
    Example:
      aftertrain events explain SOURCE EVENT
    """
    event = Client().events.get(source_id, event_id)
    verdicts = [verdict for verdict in event.verdicts if trigger_id in (None, verdict["trigger_id"])]
    Console().print(_line(event), soft_wrap=True)
    named = "no trigger" if trigger_id is None else f"there is no trigger {trigger_id!r}"
    no_trigger = Text(f"  {named} for events of type {event.event_type}")
    Console().print(verdict_lines(verdicts) if verdicts else no_trigger, soft_wrap=True)


@events.command("replay")
@click.argument("source_id")
@click.argument("event_id", required=False)
@click.option("--since", type=Duration(), help="Replay all matched events of the source since then.")
@click.option("--until", type=Duration(), help="With --since: only events before that.")
@click.option(
    "--attempt", type=click.IntRange(2, 99), help="The number of the replay; repeating a number starts nothing twice."
)
def replay(source_id: str, event_id: str | None, since: float | None, until: float | None, attempt: int | None) -> None:
    """Replay an event: record and match it anew, with executions of its own.

    \b
    Example:
      aftertrain events replay SOURCE EVENT
    """
    if (event_id is None) == (since is None):
        raise click.UsageError("pass one event's id, or --since")
    if until is not None and since is None:
        raise click.UsageError("--until needs --since")
    client = Client().events
    single = [client.replay(source_id, event_id, attempt)] if event_id else []
    end = until or 0.0
    for result in single or client.replay_since(source_id, since or 0.0, until_seconds=end, attempt=attempt):
        outcomes = ", ".join(f"{verdict['trigger_id']}: {verdict['verdict']}" for verdict in result["verdicts"])
        click.echo(f"{result['record_id']}  {result.get('refused') or outcomes or 'no trigger matches'}")


@events.command("replay-dead-letters")
def replay_dead_letters() -> None:
    """Queue dead letters again: events that could not be started in five attempts. Nothing starts twice.

    \b
    Example:
      aftertrain events replay-dead-letters
    """
    click.echo(f"{Client().events.replay_dead_letters()} events queued again")


events.add_command(send, "send")


def _line(event: ReceivedEvent) -> Text:
    """One event as a line; the id comes last, so that it can be copied."""
    received = datetime.fromtimestamp(event.received_at, UTC).strftime("%Y-%m-%d %H:%M:%S")
    outcomes = Text(", ").join(styled(verdict["verdict"]) for verdict in event.verdicts[:SHOWN])
    name = (f"{event.source_id} {event.record_id}", "bold")
    return Text.assemble(f"{received}  {event.event_type}  {event.subject or '-'}  ", outcomes, "  ", name)
