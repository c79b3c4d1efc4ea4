"""A job's output -> a log file, the worker's own log, and the last lines for error messages.

A log is bounded: beyond 50 MB only the last lines are kept. A program that a job left behind may hold the output open;
the log ends with the job.
"""

import logging
import math
import os
import select
import subprocess
import threading
import time
from collections import deque
from pathlib import Path
from typing import BinaryIO

MAX_BYTES = 50_000_000
LAST_LINES = 20
MAX_LINE = 400  # of a kept last line, in characters
CHUNK = 65_536
LOOK_SECONDS = 0.2
LAST_SECONDS = 2.0  # to read the rest of the pipe after the process has ended

log = logging.getLogger("aftertrain.job")


class JobLog:
    """Reads a process's output until it ends, or the process does."""

    def __init__(self, process: "subprocess.Popen[bytes]", path: Path) -> None:
        assert process.stdout is not None
        self._output, self._path = process.stdout, path
        self._last: deque[str] = deque(maxlen=LAST_LINES)
        self._ended, self._deadline = threading.Event(), math.inf
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def last_lines(self) -> list[str]:
        """The kept last lines."""
        return list(self._last)

    def close(self) -> None:
        """Read what an ended process has written."""
        self._deadline = time.monotonic() + LAST_SECONDS
        self._ended.set()
        self._reader.join()
        self._output.close()

    def _read(self) -> None:
        size, pending = 0, b""
        with self._open_file() as file:
            while chunk := self._read_chunk():
                size += self._write_chunk(file, chunk, size)
                *lines, pending = (pending + chunk).split(b"\n")
                if len(pending) > CHUNK:  # do not wait for the end of a very long line
                    lines, pending = [*lines, pending], b""
                for line in lines:
                    self._log_line(line)
        if pending:
            self._log_line(pending)

    def _open_file(self) -> BinaryIO:
        try:
            return self._path.open("wb", buffering=0)
        except OSError as error:
            log.warning("the job's log is not kept: %s", error)
            return open(os.devnull, "wb", buffering=0)

    def _write_chunk(self, file: BinaryIO, chunk: bytes, size: int) -> int:
        """The number of bytes by which the file grew or would have grown; a full disk does not stop the reading."""
        try:
            file.write(chunk[: max(0, MAX_BYTES - size)])
        except OSError as error:
            log.warning("the job's log is not kept: %s", error)
            return MAX_BYTES
        return len(chunk)

    def _read_chunk(self) -> bytes:
        """The next piece; empty when the output has ended."""
        while not select.select([self._output], [], [], LOOK_SECONDS)[0]:
            if self._ended.is_set():
                return b""
        return os.read(self._output.fileno(), CHUNK) if time.monotonic() < self._deadline else b""

    def _log_line(self, line: bytes) -> None:
        text = line.decode(errors="replace")
        log.info("%s", text)
        self._last.append(text[:MAX_LINE])
