"""The worker loop: activity -> a process per job -> answer.

Each job runs in a process and a folder of its own, and the worker sends heartbeats for it. If nobody waits for the job
any more, or if no heartbeat was acknowledged for so long that another worker is about to get the task, the job is
killed with every process that it started. On SIGTERM the worker finishes its task and takes no more. A job's output
goes to the worker's own log and, when the job is over, to `log.txt` below its output URI.
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
from aftertrain.jobs.activity import ActivityTask, TaskGoneError, UnreachableError
from aftertrain.jobs.contract import JobError
from aftertrain.jobs.job_log import JobLog
from aftertrain.jobs.lease import Lease
from aftertrain.jobs.parent_watchdog import WORKER
from aftertrain.jobs.storage import store

BEAT_SECONDS = 15.0
PAUSE_SECONDS = 5.0
GRACE_SECONDS = 10.0
LEASE_SECONDS = 60.0  # for tasks that do not set one
ROOM = 256 * 1024 * 1024  # bytes of free disk space that a job needs to start
LOG = "log.txt"

log = logging.getLogger("aftertrain.worker")


class TaskQueue(Protocol):
    """The source of tasks; `activity.Activity` implements it."""

    def take(self) -> ActivityTask | None:
        """Wait for a task."""

    def heartbeat(self, task: ActivityTask) -> None:
        """Keep a task alive."""

    def succeed(self, task: ActivityTask, output: dict[str, Any]) -> None:
        """Answer with an output."""

    def fail(self, task: ActivityTask, error: str, cause: str) -> None:
        """Answer with an error."""


class Worker:
    """Takes one task after the other until it is stopped."""

    def __init__(
        self,
        tasks: TaskQueue,
        beat: float = BEAT_SECONDS,
        pause: float = PAUSE_SECONDS,
        memory_bytes: int | None = None,
        ship: Callable[[Path, str], str] = store,
    ) -> None:
        """`memory_bytes`: the memory limit of each of a job's processes; larger allocations fail."""
        self._tasks, self._beat, self._pause = tasks, beat, pause
        self._memory, self._ship = memory_bytes, ship
        self._stopping = threading.Event()
        self._busy = False

    def stop(self) -> None:
        """Take no more tasks; for a signal handler. A worker that waits for a task ends at once."""
        self._stopping.set()
        if not self._busy:
            # A task handed out at this moment is lost, misses its heartbeat, and goes to another worker.
            raise SystemExit(0)

    def run(self) -> None:
        """Work until stopped; calls that Step Functions does not answer are repeated."""
        while not self._stopping.is_set():
            if shutil.disk_usage(tempfile.gettempdir()).free < ROOM:
                log.error("the disk of %s is too full for jobs: taking no more", tempfile.gettempdir())
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

    def _work(self, task: ActivityTask) -> None:
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
                log.warning("dropped %s: nobody waits for it any more: %s", name, error)
            # After the answer: no heartbeat is needed any more, and the bucket may be slow.
            self._ship_log(folder / LOG, task)

    def _run_job(self, task: ActivityTask, folder: Path, lease: Lease) -> Callable[[], None]:
        try:
            return self._run_process(task, folder, lease)
        except OSError as error:
            cause = f"the worker could not run it: {error}"
            return lambda: self._tasks.fail(task, "WorkerFailed", cause)

    def _run_process(self, task: ActivityTask, folder: Path, lease: Lease) -> Callable[[], None]:
        input_path, output_path = folder / "input.json", folder / "output.json"
        input_path.write_text(json.dumps(task.input))
        command = [sys.executable, "-m", "aftertrain.jobs.run", str(input_path), str(output_path)]
        existing = process_reaper.children()
        process = subprocess.Popen(
            command,
            cwd=folder,
            # Unbuffered: a line is logged when it is written, in order. The job's downloads are deleted with
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

    def _ship_log(self, path: Path, task: ActivityTask) -> None:
        try:
            self._ship(path, _log_uri(task))
        except JobError as error:
            log.warning("the job's log is not kept: %s", error)

    def _watch(self, process: subprocess.Popen[bytes], task: ActivityTask, lease: Lease) -> None:
        while True:
            try:
                process.wait(self._beat)
            except subprocess.TimeoutExpired:
                self._heartbeat(task, lease)
            else:
                return

    def _heartbeat(self, task: ActivityTask, lease: Lease) -> None:
        """Raises: TaskGoneError, also after a network failure that outlasts the lease."""
        sent_at = lease.now()
        try:
            self._tasks.heartbeat(task)
        except UnreachableError as error:
            log.warning("heartbeat failed: %s", error)
            if lease.ending:
                raise TaskGoneError("no heartbeat was acknowledged, and another worker is about to get it") from None
        else:
            lease.renew(sent_at)

    def _build_answer(self, task: ActivityTask, code: int, result: Path, job_log: JobLog) -> Callable[[], None]:
        answer = _read_output(result) if code in (0, 1) else {}
        if code == 0 and "output" in answer:
            return lambda: self._tasks.succeed(task, answer["output"])
        error = answer.get("error", "JobDied")
        cause = answer.get("cause", f"the job's process ended with code {code}")
        details = "\n".join([cause, f"its log: {_log_uri(task)}", *job_log.last_lines])
        return lambda: self._tasks.fail(task, error, details)

    def _deliver(self, answer: Callable[[], None], lease: Lease) -> None:
        """Hand in the answer; the job is done, so the call is repeated for a while."""
        while True:
            try:
                answer()
            except UnreachableError as error:
                log.warning("the answer was not delivered, trying again: %s", error)
            else:
                return
            if lease.over:
                log.error("the answer could not be delivered; another worker gets the task")
                return
            time.sleep(self._pause)


def _read_output(result: Path) -> dict[str, Any]:
    """The job's output; empty if it wrote none, or only half, as on a full disk."""
    try:
        answer: dict[str, Any] = json.loads(result.read_text())
    except (OSError, ValueError):
        return {}
    return answer


def _log_uri(task: ActivityTask) -> str:
    return f"{task.input.get('output_uri', '')}/{LOG}"
