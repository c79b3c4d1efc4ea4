"""Several workers on one machine, each in a process of its own, so a crash of one does not stop the others.

supervisor = Supervisor([WorkerProcess("box-0", ["aftertrain", "worker", …], {"CUDA_VISIBLE_DEVICES": "0"}), …])
supervisor.run()    # until supervisor.stop(): each worker finishes its task and takes no more
"""

import logging
import os
import subprocess
import threading
from dataclasses import dataclass, field

from aftertrain.jobs.parent_watchdog import SUPERVISOR

PAUSE_SECONDS = 5.0
LOOK_SECONDS = 0.5

log = logging.getLogger("aftertrain.supervisor")


@dataclass(frozen=True, slots=True)
class WorkerProcess:
    """A worker: its name, its command, and its additional environment."""

    name: str
    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)


class Supervisor:
    """Keeps its workers running until it is stopped."""

    def __init__(self, members: list[WorkerProcess], pause: float = PAUSE_SECONDS, look: float = LOOK_SECONDS) -> None:
        self._members, self._pause, self._poll_seconds = members, pause, look
        self._stopping = threading.Event()
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def stop(self) -> None:
        """Tell every worker to stop; for a signal handler."""
        self._stopping.set()
        for process in list(self._running.values()):
            process.terminate()

    def run(self) -> None:
        """Start all workers, restart those that die, and return when all have stopped."""
        for member in self._members:
            self._start(member)
        while not self._stopping.wait(self._poll_seconds):
            for member in self._members:
                code = self._running[member.name].poll()
                if code is not None:
                    log.error("worker %s ended with code %s; restarting it", member.name, code)
                    self._stopping.wait(self._pause)
                    self._start(member)
        for process in self._running.values():
            process.wait()

    def _start(self, member: WorkerProcess) -> None:
        if not self._stopping.is_set():
            # A group of its own: Ctrl-C reaches the supervisor, which signals each worker once.
            environment = os.environ | member.environment | {SUPERVISOR: str(os.getpid())}
            process = subprocess.Popen(member.command, env=environment, start_new_session=True)
            self._running[member.name] = process
            if self._stopping.is_set():
                process.terminate()
