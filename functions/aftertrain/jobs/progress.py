"""How far a job is, for who waits for it.

    report(0.4, accuracy=0.9)   ->  the file that AFTERTRAIN_PROGRESS names: {"done": 0.4, "metrics": {"accuracy": 0.9}}

A program of one's own writes that file itself. What is in it goes to `progress.json` below the job's output URI, every
few seconds as long as it changes; a job is not held up, nor failed, by progress that cannot be told.
"""

import json
import logging
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

VARIABLE = "AFTERTRAIN_PROGRESS"
POLL_SECONDS = 10.0
LAST_SECONDS = 15.0  # for the last one, from a store that may not answer
MAX_BYTES = 16_384

log = logging.getLogger("aftertrain.progress")


def report(done: float, **metrics: float) -> None:
    """Say what share of the work is done, and what was measured so far; nothing is said where nobody asks."""
    target = os.environ.get(VARIABLE)
    if target is not None:
        temporary = Path(f"{target}.new")
        temporary.write_text(json.dumps({"done": round(done, 4), "metrics": metrics}))
        temporary.replace(target)  # a reader sees the one or the other, and never a half


@contextmanager
def watch_progress(file: Path, publish: Callable[[Path], object], look: float = POLL_SECONDS) -> Iterator[None]:
    """While the block runs, jobs may report to the file, and every change is told; the last one is told at the end."""
    os.environ[VARIABLE] = str(file)
    stop = threading.Event()
    reporter = threading.Thread(target=_report_changes, args=(file, publish, stop, look), daemon=True)
    reporter.start()
    try:
        yield
    finally:
        stop.set()
        reporter.join(LAST_SECONDS)
        del os.environ[VARIABLE]


def _report_changes(file: Path, publish: Callable[[Path], object], stop: threading.Event, interval: float) -> None:
    last = b""
    while True:
        ended = stop.wait(interval)
        content = file.read_bytes()[: MAX_BYTES + 1] if file.exists() else b""
        if content != last and _is_complete(content):
            last = content
            try:
                publish(file)
            except Exception as error:  # whatever it is, the job is not about that
                log.warning("progress is not told: %s", error)
        if ended:
            return


def _is_complete(content: bytes) -> bool:
    """Whether it is an object of JSON, and small; a program that writes it in pieces is in the middle of it else."""
    try:
        return len(content) <= MAX_BYTES and isinstance(json.loads(content), dict)
    except ValueError:
        return False
