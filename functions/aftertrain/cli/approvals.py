"""`aftertrain approvals list|approve|reject`."""

import getpass

import click

from aftertrain.client import Client


@click.group()
def approvals() -> None:
    """Questions that steps ask, and their answers."""


@approvals.command("list")
def list_approvals() -> None:
    """Show what waits for an answer."""
    waiting = Client().approvals.list()
    if not waiting:
        click.echo("nothing waits for an answer")
    for approval in waiting:
        click.echo(f"{approval.id}  {approval.execution}  {approval.step}  {approval.asked_at}  {approval.title}")


@approvals.command("approve")
@click.argument("approval_id")
@click.option("--comment", default="", help="Why.")
def approve(approval_id: str, comment: str) -> None:
    """Say yes."""
    click.echo(Client().approvals.approve(approval_id, by=getpass.getuser(), comment=comment).status)


@approvals.command("reject")
@click.argument("approval_id")
@click.option("--comment", default="", help="Why not.")
def reject(approval_id: str, comment: str) -> None:
    """Say no, which fails the step."""
    click.echo(Client().approvals.reject(approval_id, by=getpass.getuser(), comment=comment).status)
