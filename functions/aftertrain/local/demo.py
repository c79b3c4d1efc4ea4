"""`make demo`: a checkpoint lands and is serving, on this machine.

Everything is started and ended here, however the demo ends. With `--keep` it runs until `make stop`.
"""

import argparse
import os
import shutil
import signal
import sys
import time
import traceback
from pathlib import Path

from rich.console import Console
from rich.live import Live

from aftertrain.cli.execution_table import execution_view
from aftertrain.cli.toolchain import ROOT
from aftertrain.client.models import EventSource, Execution, ReceivedEvent
from aftertrain.errors import OperatorError
from aftertrain.ingest.normalise import normalise
from aftertrain.ingest.sources.delivery import Delivery
from aftertrain.local.object_notification import deliver
from aftertrain.local.processes import Processes
from aftertrain.local.report import Findings, check, report
from aftertrain.local.scenario import (
    SOURCE,
    WEIGHTS_KEY,
    LandedCheckpoint,
    LocalStage,
    bring_up,
    land_checkpoint,
    predict,
    register,
)
from aftertrain.model.event import Event
from aftertrain.model.source import Source

FOLDER = ROOT / ".aftertrain" / "demo"
console = Console()


def main() -> int:
    """Run the demo; returns the exit code."""
    parser = argparse.ArgumentParser(description="A checkpoint lands and is serving, on this machine.")
    parser.add_argument("--keep", action="store_true", help="leave everything running")
    parser.add_argument("--stop", action="store_true", help="end what --keep left running")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    stop()
    if options.stop:
        _say("nothing of the demo runs any more")
        return 0
    shutil.rmtree(FOLDER, ignore_errors=True)
    try:
        with Processes(FOLDER) as processes:
            webhook_url = demo(processes)
            if options.keep:
                keep(processes, webhook_url)
    except KeyboardInterrupt:
        _say("interrupted; everything is stopped")
        return 130
    except Exception as error:
        (FOLDER / "traceback.log").write_text(traceback.format_exc())
        _say(f"the demo failed: {error}", style="red")
        _say(f"the logs are in {FOLDER}")
        return 1
    return 0


def demo(processes: Processes) -> str:
    """The whole demo, from nothing to a prediction; returns the webhook's URL. Raises: AftertrainError."""
    begun = time.monotonic()
    with console.status("") as status:
        local = bring_up(processes, lambda text: status.update(f"{text} …"))
        status.update("training a classifier on scikit-learn's digits …")
        landed = land_checkpoint(local)
        status.update("registering source, cluster, pipeline and trigger …")
        source = register(local)
    _say(f"up after {time.monotonic() - begun:.0f} s: stack, worker, {len(local.fleet)} replicas")
    findings = _follow(local, landed, source)
    check(findings)
    console.print()
    console.print(report(findings))
    _write_environment(local, source)
    return source.url


def _follow(local: LocalStage, landed: LandedCheckpoint, source: EventSource) -> Findings:
    """Send the notifications and follow the executions that they start."""
    token = source.secret or ""
    _say(f"{WEIGHTS_KEY} lands; its bucket notifies {source.url}")
    first = deliver(landed.request, source.url, token)
    again = deliver(landed.request, source.url, token)
    other = deliver(landed.other_request, source.url, token)
    if len(first.answer["executions"]) != 1:
        raise OperatorError(f"the notification was to start one execution; the webhook answered {first.answer}")
    execution = _watch(local, first.answer["executions"][0])
    predictions = (
        [
            (replica["url"], *predict(replica["url"], landed.checkpoint.holdout, example))
            for example, replica in enumerate(local.fleet)
        ]
        if execution.status == "succeeded"
        else []
    )
    return Findings(first, again, other, _event(local, landed, source), execution, predictions)


def _watch(local: LocalStage, execution_id: str) -> Execution:
    with Live(console=console, auto_refresh=False) as live:
        for execution in local.client.executions.watch(execution_id, interval=0.25):
            live.update(execution_view(execution), refresh=True)
    return execution


def _event(local: LocalStage, landed: LandedCheckpoint, source: EventSource) -> ReceivedEvent:
    """The stored event of the third notification, found by its id, which is made of its content."""
    sender = Source(source.id, "tigris", "bearer")
    (event,) = normalise(Delivery(landed.other_request["body"], sender))
    if not isinstance(event, Event):
        raise event
    return local.client.events.get(SOURCE, event.id)


def keep(processes: Processes, webhook_url: str) -> None:
    """Leave everything running; print how to look around and how to stop it."""
    pids = processes.leave()
    (FOLDER / "pids").write_text("\n".join(map(str, pids)))
    console.print()
    _say(f"Everything keeps running; `make stop` ends it. The webhook is {webhook_url}")
    _say("To look around:")
    lines = [
        f"source {(FOLDER / 'environment').relative_to(ROOT)}",
        ".venv/bin/aftertrain executions list",
        f".venv/bin/aftertrain send events/tigris/object-created-put.json --source {SOURCE}",
        f"tail -f {(FOLDER / 'worker.log').relative_to(ROOT)}",
    ]
    _say("\n".join(f"  {line}" for line in lines))


def stop() -> None:
    """Stop what an earlier `--keep` left running."""
    pids = FOLDER / "pids"
    if not pids.exists():
        return
    for pid in map(int, pids.read_text().split()):
        if _is_ours(pid):
            os.killpg(pid, signal.SIGTERM)
    pids.unlink()


def _is_ours(pid: int) -> bool:
    """Whether a process is still the one that was started: the system reuses process ids."""
    try:
        return str(Path(sys.executable).parent).encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def _say(text: str, style: str = "") -> None:
    """Print a text without markup and without wrapping, so that it can be copied."""
    console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)


def _write_environment(local: LocalStage, source: EventSource) -> None:
    values = local.emulator.credentials() | {
        "AFTERTRAIN_API_URL": local.stage.api_url,
        "AFTERTRAIN_WEBHOOK_URL": local.stage.webhook_url,
        "AFTERTRAIN_ACTIVITY_ARN": local.stage.activity_arn,
        "AFTERTRAIN_TOKEN": source.secret or "",
    }
    lines = [f"export {name}='{value}'" for name, value in values.items()]
    (FOLDER / "environment").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    sys.exit(main())
