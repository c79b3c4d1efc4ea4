"""`aftertrain worker`: runs jobs on this machine."""

import logging
import os
import signal
import socket
import sys
from typing import TYPE_CHECKING

import click

from aftertrain.jobs.supervisor import Supervisor, WorkerProcess

if TYPE_CHECKING:  # importing it loads boto3, which the other commands do not need
    from aftertrain.jobs.worker import Worker

ARN_PARTS = 7  # arn:aws:states:REGION:ACCOUNT:activity:NAME
PROGRAM = [sys.executable, "-c", "from aftertrain.cli.main import main; main()"]


@click.command()
@click.option(
    "--activity",
    envvar="AFTERTRAIN_ACTIVITY_ARN",
    required=True,
    help="The stack's ActivityArn, at which jobs wait for workers.",
)
@click.option("--pool", help="The pool that steps name in `compute`, instead of the one in the ARN.")
@click.option(
    "--concurrency", type=click.IntRange(1, 64), default=1, show_default=True, help="How many jobs run at once."
)
@click.option("--gpus", default="", help="GPU numbers, such as 0,1,2,3; each gets a worker of its own.")
@click.option(
    "--memory-gib",
    type=click.FloatRange(min=0.1),
    help="The memory limit of each process of a job. The default is no limit.",
)
@click.option("--name", default=socket.gethostname, help="The worker's name in the execution's history.")
def worker(activity: str, pool: str | None, concurrency: int, gpus: str, memory_gib: float | None, name: str) -> None:
    """Take jobs and run each in a process of its own, until SIGTERM.

    \b
    Example:
      aftertrain worker --activity arn:aws:states:REGION:ACCOUNT:activity:aftertrain-prod-default
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("botocore").setLevel(logging.WARNING)
    if len(activity.split(":")) != ARN_PARTS:
        raise click.UsageError(f"{activity!r} is not an activity's ARN: pass the stack's ActivityArn")
    if pool is not None:
        prefix, _, activity_name = activity.rpartition(
            ":"
        )  # the name is aftertrain-STAGE-POOL, and a stage contains no dash
        activity = f"{prefix}:{'-'.join(activity_name.split('-')[:2])}-{pool}"
    workers = members(activity, name, concurrency, gpus, memory_gib)
    running: Supervisor | Worker = (
        Supervisor(workers) if gpus or concurrency > 1 else _build_worker(activity, name, memory_gib)
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: running.stop())
    click.echo(f"worker {name} takes jobs from {activity}, {len(workers)} at once", err=True)
    running.run()


def _build_worker(activity: str, name: str, memory_gib: float | None) -> "Worker":
    from aftertrain.jobs import parent_watchdog, process_reaper
    from aftertrain.jobs.activity import Activity
    from aftertrain.jobs.worker import Worker

    process_reaper.adopt()
    if (
        supervisor_pid := os.environ.pop(parent_watchdog.SUPERVISOR, None)
    ) is not None:  # removed, so that its jobs do not inherit it
        parent_watchdog.end_with(int(supervisor_pid))
    return Worker(Activity(activity, name), memory_bytes=round(memory_gib * 2**30) if memory_gib else None)


def members(
    activity: str, name: str, concurrency: int, gpus: str, memory_gib: float | None = None
) -> list[WorkerProcess]:
    """The worker processes: one per GPU, or `concurrency` of them."""
    devices = [device.strip() for device in gpus.split(",") if device.strip()]
    environments = [{"CUDA_VISIBLE_DEVICES": device} for device in devices] or [{}] * concurrency
    command = [*PROGRAM, "worker", "--activity", activity]
    command += ["--memory-gib", str(memory_gib)] if memory_gib else []
    return [
        WorkerProcess(f"{name}-{index}", [*command, "--name", f"{name}-{index}"], environment)
        for index, environment in enumerate(environments)
    ]
