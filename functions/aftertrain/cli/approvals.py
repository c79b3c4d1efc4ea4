"""`aftertrain approvals list|approve|reject`."""

import getpass

import click

from aftertrain.client import Client


@click.group()
def approvals() -> None:
    """Answer the questions that steps ask."""


@approvals.command("list")
def list_approvals() -> None:
    """Show the open questions.

    \b
    Example:
      aftertrain approvals list
    """
    waiting = Client().approvals.list()
    if not waiting:
        click.echo("no open questions")
    for approval in waiting:
        click.echo(f"{approval.id}  {approval.execution}  {approval.step}  {approval.asked_at}  {approval.title}")


@approvals.command("approve")
@click.argument("approval_id")
@click.option("--comment", default="", help="A comment for the record.")
def approve(approval_id: str, comment: str) -> None:
    """Approve; the step succeeds.

    \b
    Example:
      aftertrain approvals approve APPROVAL --comment 'looks good'
    """
    click.echo(Client().approvals.approve(approval_id, by=getpass.getuser(), comment=comment).status)


@approvals.command("reject")
@click.argument("approval_id")
@click.option("--comment", default="", help="A comment for the record.")
def reject(approval_id: str, comment: str) -> None:
    """Reject; the step fails.

    \b
    Example:
      aftertrain approvals reject APPROVAL --comment 'too slow'
    """
    click.echo(Client().approvals.reject(approval_id, by=getpass.getuser(), comment=comment).status)
