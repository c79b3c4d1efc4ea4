"""The worker loop: activity -> a process per job -> answer.

Each job runs in a process and a folder of its own. While it runs its heart beats; if nobody waits for it any more it is
killed, with everything that it started. On SIGTERM the worker takes no more tasks and finishes the one it has.
"""

import json
import logging
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from aftertrain.jobs.activity import GoneError, Task, UnreachableError

BEAT_SECONDS = 15.0
PAUSE_SECONDS = 5.0
GRACE_SECONDS = 10.0

log = logging.getLogger("aftertrain.worker")


class Tasks(Protocol):
    """Where tasks come from, as `activity.Activity` does it."""

    def take(self) -> Task | None:
        """Wait for a task."""

    def heartbeat(self, task: Task) -> None:
        """Keep a task alive."""

    def succeed(self, task: Task, output: dict[str, Any]) -> None:
        """Answer with an output."""

    def fail(self, task: Task, error: str, cause: str) -> None:
        """Answer with an error."""


class Worker:
    """Takes one task after the other until it is told to stop."""

    def __init__(self, tasks: Tasks, beat: float = BEAT_SECONDS, pause: float = PAUSE_SECONDS) -> None:
        self._tasks, self._beat, self._pause = tasks, beat, pause
        self._stopping = threading.Event()
        self._busy = False

    def stop(self) -> None:
        """Take no more tasks; for a signal handler: one that waits for a task ends at once."""
        self._stopping.set()
        if not self._busy:
            # A task that is handed out at this very moment is lost, misses its heartbeat, and goes to another worker.
            raise SystemExit(0)

    def run(self) -> None:
        """Work until told to stop; what Step Functions cannot be asked for now is asked for again later."""
        while not self._stopping.is_set():
            try:
                task = self._tasks.take()
            except UnreachableError as error:
                log.warning("cannot reach Step Functions, trying again: %s", error)
                self._stopping.wait(self._pause)
                continue
            if task is not None:
                self._busy = True
                self._work(task)
                self._busy = False

    def _work(self, task: Task) -> None:
        name = f"{task.input.get('job')} for step {task.input.get('step')} of {task.input.get('execution')}"
        log.info("started %s", name)
        try:
            answer = self._answer(task)
            log.info("finished %s", name)
            self._deliver(answer)
        except GoneError:
            log.warning("dropped %s: nobody waits for it any more", name)

    def _answer(self, task: Task) -> Callable[[], None]:
        with tempfile.TemporaryDirectory(prefix="aftertrain-job-") as folder:
            given, result = Path(folder, "input.json"), Path(folder, "output.json")
            given.write_text(json.dumps(task.input))
            command = [sys.executable, "-m", "aftertrain.jobs.run", str(given), str(result)]
            environment = os.environ | {"AFTERTRAIN_WORKER_PID": str(os.getpid())}
            process = subprocess.Popen(command, cwd=folder, env=environment, start_new_session=True)
            try:
                self._watch(process, task)
            finally:
                _end(process)
            return self._reading(task, process.returncode, result)

    def _watch(self, process: subprocess.Popen[bytes], task: Task) -> None:
        while True:
            try:
                process.wait(self._beat)
            except subprocess.TimeoutExpired:
                self._heartbeat(task)
            else:
                return

    def _heartbeat(self, task: Task) -> None:
        try:
            self._tasks.heartbeat(task)
        except UnreachableError as error:
            # The task's own heartbeat timeout decides; a short loss of the network must not kill a long job.
            log.warning("heartbeat did not go through: %s", error)

    def _reading(self, task: Task, code: int, result: Path) -> Callable[[], None]:
        answer = json.loads(result.read_text()) if code in (0, 1) and result.exists() else {}
        if code == 0 and "output" in answer:
            return lambda: self._tasks.succeed(task, answer["output"])
        error = answer.get("error", "JobDied")
        cause = answer.get("cause", f"the job's process ended with code {code}; its log has the reason")
        return lambda: self._tasks.fail(task, error, cause)

    def _deliver(self, answer: Callable[[], None]) -> None:
        """Hand the answer in; the job is done, so it is worth some patience."""
        for _ in range(10):
            try:
                answer()
            except UnreachableError as error:
                log.warning("the answer did not go through, trying again: %s", error)
                time.sleep(self._pause)
            else:
                return
        log.error("the answer could not be delivered; the task will time out and be done again")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the job's whole process group: politely, then not."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, sign)
            process.wait(GRACE_SECONDS)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            continue
    process.wait()
