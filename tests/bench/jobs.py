"""What surrounds a job's program: from when its task is there to its first line, and from its last to the answer.

    {"worker": (0.41, 0.12), "container": (0.40, 0.09), "floor": (0.05, 0.02)}      seconds

The floor is an interpreter that is started for nothing but the program. The container is what Batch and SageMaker
start; what they need for a machine and an image comes on top, and is theirs. The worker is asked by a stand-in for
Step Functions, which hands out its task at once.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from statistics import median
from typing import Any

from aftertrain.jobs.activity import Task
from aftertrain.jobs.worker import Worker

ROUNDS = 7
PROGRAM = """
import time; begun = time.time()
import json, os
json.dump({"begun": begun, "ended": time.time()}, open(os.environ["AFTERTRAIN_OUTPUT"], "w"))
"""
COMMAND = [sys.executable, "-c", PROGRAM]
Overhead = tuple[float, float]  # seconds before and after the program


class _OneTask:
    """Hands out one task, and notes when it was taken and answered."""

    worker: Worker

    def __init__(self) -> None:
        self.taken = self.answered = 0.0
        self.output: dict[str, Any] = {}

    def take(self) -> Task | None:
        if self.taken:
            self.worker.stop()
        self.taken = time.time()
        return Task("token", _given())

    def heartbeat(self, task: Task) -> None:
        """Nobody waits for it."""

    def succeed(self, task: Task, output: dict[str, Any]) -> None:
        self.answered, self.output = time.time(), output["result"]

    def fail(self, task: Task, error: str, cause: str) -> None:
        raise RuntimeError(cause)


def overheads() -> dict[str, Overhead]:
    """Medians of interleaved rounds."""
    cases = {"worker": _worker, "container": _container, "floor": _floor}
    found: dict[str, list[Overhead]] = {name: [] for name in cases}
    for _ in range(ROUNDS):
        for name, measure in cases.items():
            found[name].append(measure())
    return {
        name: (median(before for before, _ in each), median(after for _, after in each)) for name, each in found.items()
    }


def _worker() -> Overhead:
    tasks = _OneTask()
    tasks.worker = Worker(tasks, ship=lambda path, uri: uri)
    with suppress(SystemExit):
        tasks.worker.run()
    return tasks.output["begun"] - tasks.taken, tasks.answered - tasks.output["ended"]


def _container() -> Overhead:
    with tempfile.TemporaryDirectory() as name:
        given, output = Path(name, "input.json"), Path(name, "output.json")
        given.write_text(json.dumps(_given()))
        told = {"AFTERTRAIN_INPUT": str(given), "AFTERTRAIN_OUTPUT": str(output)}
        return _timed(
            [sys.executable, "-m", "aftertrain.jobs.container"], told, output, lambda told: told["output"]["result"]
        )


def _floor() -> Overhead:
    with tempfile.TemporaryDirectory() as name:
        output = Path(name, "output.json")
        return _timed(COMMAND, {"AFTERTRAIN_OUTPUT": str(output)}, output, lambda told: told)


def _timed(command: list[str], told: dict[str, str], output: Path, read: Any) -> Overhead:
    started = time.time()
    subprocess.run(command, env=os.environ | told, check=True)
    ended = time.time()
    times = read(json.loads(output.read_text()))
    return times["begun"] - started, ended - times["ended"]


def _given() -> dict[str, Any]:
    params = {"command": COMMAND}
    return {"job": "job_run", "step": "s", "execution": "e", "params": params, "output_uri": "s3://nowhere/e/s"}
