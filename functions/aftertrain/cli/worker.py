"""`aftertrain worker`: runs jobs on this machine."""

import logging
import signal
import socket

import click


@click.command()
@click.option(
    "--activity",
    envvar="AFTERTRAIN_ACTIVITY_ARN",
    required=True,
    help="The stack's ActivityArn: where jobs wait for a worker.",
)
@click.option("--name", default=socket.gethostname, help="How this worker is called in the execution's history.")
def worker(activity: str, name: str) -> None:
    """Take jobs and run each in a process of its own, until SIGTERM."""
    from aftertrain.jobs.activity import Activity
    from aftertrain.jobs.worker import Worker

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("botocore").setLevel(logging.WARNING)
    running = Worker(Activity(activity, name))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: running.stop())
    click.echo(f"worker {name} takes jobs from {activity}", err=True)
    running.run()
