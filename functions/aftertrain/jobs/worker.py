"""The worker loop: activity -> a process per job -> answer.

Each job runs in a process and a folder of its own. While it runs its heart beats; if nobody waits for it any more, or
nobody has heard of it for so long that another worker is about to get it, it is killed, with everything that it
started. On SIGTERM the worker takes no more tasks and finishes the one it has. What a job writes goes to the worker's
own log and, when the job is over, to `log.txt` below its output URI.
"""

import json
import logging
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from aftertrain.jobs import process_reaper
from aftertrain.jobs.activity import Task, TaskGoneError, UnreachableError
from aftertrain.jobs.contract import JobError
from aftertrain.jobs.job_log import JobLog
from aftertrain.jobs.lease import Lease
from aftertrain.jobs.parent_watchdog import WORKER
from aftertrain.jobs.storage import store

BEAT_SECONDS = 15.0
PAUSE_SECONDS = 5.0
GRACE_SECONDS = 10.0
LEASE_SECONDS = 60.0  # of tasks that do not say
ROOM = 256 * 1024 * 1024  # bytes on the disk, without which no job can begin
LOG = "log.txt"

log = logging.getLogger("aftertrain.worker")


class TaskQueue(Protocol):
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

    def __init__(
        self,
        tasks: TaskQueue,
        beat: float = BEAT_SECONDS,
        pause: float = PAUSE_SECONDS,
        memory_bytes: int | None = None,
        ship: Callable[[Path, str], str] = store,
    ) -> None:
        """`memory_bytes`: how much each process of a job may have; what it asks for beyond is refused to it."""
        self._tasks, self._beat, self._pause = tasks, beat, pause
        self._memory, self._ship = memory_bytes, ship
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
            if shutil.disk_usage(tempfile.gettempdir()).free < ROOM:
                log.error("there is no room for jobs in %s: no more are taken", tempfile.gettempdir())
                self._stopping.wait(self._pause)
                continue
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
        lease = Lease(task.input.get("lease_seconds", LEASE_SECONDS))
        log.info("started %s", name)
        with tempfile.TemporaryDirectory(prefix="aftertrain-job-", ignore_cleanup_errors=True) as directory:
            folder = Path(directory)
            try:
                answer = self._run_job(task, folder, lease)
                log.info("finished %s", name)
                self._deliver(answer, lease)
            except TaskGoneError as error:
                log.warning("dropped %s: nobody waits for it here any more: %s", name, error)
            # After the answer: nobody's heart beats any more, and a bucket may take its time.
            self._ship_log(folder / LOG, task)

    def _run_job(self, task: Task, folder: Path, lease: Lease) -> Callable[[], None]:
        try:
            return self._run_process(task, folder, lease)
        except OSError as error:
            cause = f"the worker could not run it: {error}"
            return lambda: self._tasks.fail(task, "WorkerFailed", cause)

    def _run_process(self, task: Task, folder: Path, lease: Lease) -> Callable[[], None]:
        input_path, output_path = folder / "input.json", folder / "output.json"
        input_path.write_text(json.dumps(task.input))
        command = [sys.executable, "-m", "aftertrain.jobs.run", str(input_path), str(output_path)]
        existing = process_reaper.children()
        process = subprocess.Popen(
            command,
            cwd=folder,
            # Unbuffered: a line is in the log when it is written, and in its order. What the job downloads goes with
            # its folder, however it ends.
            env=os.environ | {WORKER: str(os.getpid()), "PYTHONUNBUFFERED": "1", "TMPDIR": str(folder)},
            start_new_session=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            preexec_fn=self._limit if self._memory else None,
        )
        job_log = JobLog(process, folder / LOG)
        try:
            self._watch(process, task, lease)
        finally:
            process_reaper.end(process, existing, GRACE_SECONDS)
            job_log.close()
        return self._build_answer(task, process.returncode, output_path, job_log)

    def _limit(self) -> None:
        assert self._memory is not None
        resource.setrlimit(resource.RLIMIT_DATA, (self._memory, self._memory))

    def _ship_log(self, path: Path, task: Task) -> None:
        try:
            self._ship(path, _log_uri(task))
        except JobError as error:
            log.warning("the job's log is not kept: %s", error)

    def _watch(self, process: subprocess.Popen[bytes], task: Task, lease: Lease) -> None:
        while True:
            try:
                process.wait(self._beat)
            except subprocess.TimeoutExpired:
                self._heartbeat(task, lease)
            else:
                return

    def _heartbeat(self, task: Task, lease: Lease) -> None:
        """Raises: GoneError also if the loss of the network is no short one, which a long job survives."""
        sent_at = lease.now()
        try:
            self._tasks.heartbeat(task)
        except UnreachableError as error:
            log.warning("heartbeat did not go through: %s", error)
            if lease.ending:
                raise TaskGoneError("no heartbeat went through, and another worker is about to get it") from None
        else:
            lease.renew(sent_at)

    def _build_answer(self, task: Task, code: int, result: Path, job_log: JobLog) -> Callable[[], None]:
        answer = _read_output(result) if code in (0, 1) else {}
        if code == 0 and "output" in answer:
            return lambda: self._tasks.succeed(task, answer["output"])
        error = answer.get("error", "JobDied")
        cause = answer.get("cause", f"the job's process ended with code {code}")
        details = "\n".join([cause, f"its log: {_log_uri(task)}", *job_log.last_lines])
        return lambda: self._tasks.fail(task, error, details)

    def _deliver(self, answer: Callable[[], None], lease: Lease) -> None:
        """Hand the answer in; the job is done, so it is worth some patience."""
        while True:
            try:
                answer()
            except UnreachableError as error:
                log.warning("the answer did not go through, trying again: %s", error)
            else:
                return
            if lease.over:
                log.error("the answer could not be delivered; another worker gets the task")
                return
            time.sleep(self._pause)


def _read_output(result: Path) -> dict[str, Any]:
    """What a job wrote; nothing where it wrote nothing, or half of it, as on a disk that was full."""
    try:
        answer: dict[str, Any] = json.loads(result.read_text())
    except (OSError, ValueError):
        return {}
    return answer


def _log_uri(task: Task) -> str:
    return f"{task.input.get('output_uri', '')}/{LOG}"
