"""What a job writes -> a file, the worker's own log, and the last lines for whoever wants to know why it failed.

A log has an end: of what a job writes beyond 50 MB only the last lines are kept.
"""

import logging
import subprocess
import threading
from collections import deque
from pathlib import Path

MAX_BYTES = 50_000_000
LAST_LINES = 20
MAX_LINE = 400  # of a last line, in characters

log = logging.getLogger("aftertrain.job")


class JobLog:
    """Reads a process's output until it ends."""

    def __init__(self, process: "subprocess.Popen[bytes]", path: Path) -> None:
        self._process, self._path = process, path
        self._last: deque[str] = deque(maxlen=LAST_LINES)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def last_lines(self) -> list[str]:
        """The end of it."""
        return list(self._last)

    def close(self) -> None:
        """Wait for the last line of a process that is over."""
        self._reader.join()

    def _read(self) -> None:
        assert self._process.stdout is not None
        size = 0
        with self._process.stdout as lines, self._path.open("wb") as kept:
            for line in lines:
                text = line.decode(errors="replace").rstrip("\n")
                log.info("%s", text)
                self._last.append(text[:MAX_LINE])
                size += len(line)
                if size <= MAX_BYTES:
                    kept.write(line)
