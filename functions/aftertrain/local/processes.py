"""Processes that end with the process that started them.

Each is the leader of its own group and writes its output to a file. `Processes` as a context manager ends them all, the
last one first, however the block is left.
"""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from aftertrain.errors import OperatorError

GRACE_SECONDS = 10.0


class Processes:
    """The processes of a local stage, and their output files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._running: list[subprocess.Popen[bytes]] = []
        folder.mkdir(parents=True, exist_ok=True)

    def start(
        self, name: str, command: list[str], environment: Mapping[str, str], *, cwd: Path | None = None
    ) -> subprocess.Popen[bytes]:
        """Start a process whose output goes to `<name>.log`."""
        with self.log(name).open("wb") as output:
            process = subprocess.Popen(
                command,
                env=dict(environment),
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._running.append(process)
        return process

    def run(self, name: str, command: list[str], environment: Mapping[str, str], *, cwd: Path) -> int:
        """Run a process to its end; returns its exit code. If we are interrupted, all of its processes end with us."""
        process = self.start(name, command, environment, cwd=cwd)
        code = process.wait()
        self._running.remove(process)
        return code

    def log(self, name: str) -> Path:
        """The output file of a process."""
        return self.folder / f"{name}.log"

    def end(self) -> None:
        """End all of them: with SIGTERM, then with SIGKILL."""
        for process in reversed(self._running):
            _signal(process, signal.SIGTERM)
        for process in reversed(self._running):
            with suppress(subprocess.TimeoutExpired):
                process.wait(GRACE_SECONDS)
            _signal(process, signal.SIGKILL)  # what the group's leader left behind
            process.wait()
        self._running.clear()

    def leave(self) -> list[int]:
        """Let them run on without us; returns the ids of their groups."""
        pids = [process.pid for process in self._running if process.poll() is None]
        self._running.clear()
        return pids

    def __enter__(self) -> "Processes":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()


def free_port() -> int:
    """A free loopback port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def wait_until(
    ready: Callable[[], bool], process: subprocess.Popen[bytes], name: str, log: Path, seconds: float = 60.0
) -> None:
    """Wait for a process to be ready.

    Raises: OperatorError with the end of its log if it ends first or takes too long.
    """
    deadline = time.monotonic() + seconds
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
            raise OperatorError(f"{name} did not come up; the end of {log}:\n{tail}")
        time.sleep(0.1)


def _signal(process: subprocess.Popen[bytes], number: int) -> None:
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return
