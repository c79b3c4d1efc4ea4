"""What a job writes -> a file, the worker's own log, and the last lines for whoever wants to know why it failed.

A log has an end: of what a job writes beyond 50 MB only the last lines are kept. A program that a job has left behind
may hold its output open; when the job is over, what has been written by then is all.
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
MAX_LINE = 400  # of a last line, in characters
CHUNK = 65_536
LOOK_SECONDS = 0.2
LAST_SECONDS = 2.0  # for what is still in the pipe when the process is over

log = logging.getLogger("aftertrain.job")


class JobLog:
    """Reads a process's output until it ends, or the process has."""

    def __init__(self, process: "subprocess.Popen[bytes]", path: Path) -> None:
        assert process.stdout is not None
        self._output, self._path = process.stdout, path
        self._last: deque[str] = deque(maxlen=LAST_LINES)
        self._ended, self._deadline = threading.Event(), math.inf
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def last_lines(self) -> list[str]:
        """The end of it."""
        return list(self._last)

    def close(self) -> None:
        """Take in what a process that is over has written."""
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
                if len(pending) > CHUNK:  # a line without an end is not waited for
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
        """How much the file is longer now, or would be; on a disk that is full, the job is read all the same."""
        try:
            file.write(chunk[: max(0, MAX_BYTES - size)])
        except OSError as error:
            log.warning("the job's log is not kept: %s", error)
            return MAX_BYTES
        return len(chunk)

    def _read_chunk(self) -> bytes:
        """The next piece; nothing when the output has ended, or nobody is left who was asked to write."""
        while not select.select([self._output], [], [], LOOK_SECONDS)[0]:
            if self._ended.is_set():
                return b""
        return os.read(self._output.fileno(), CHUNK) if time.monotonic() < self._deadline else b""

    def _log_line(self, line: bytes) -> None:
        text = line.decode(errors="replace")
        log.info("%s", text)
        self._last.append(text[:MAX_LINE])
