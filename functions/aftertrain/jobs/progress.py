"""A job's progress, for people who watch the execution.

    report(0.4, accuracy=0.9)   ->  the file that AFTERTRAIN_PROGRESS names: {"done": 0.4, "metrics": {"accuracy": 0.9}}

Custom programs write that file themselves. Its content goes to `progress.json` below the job's output URI, every few
seconds while it changes. A failing upload neither delays nor fails the job.
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
LAST_SECONDS = 15.0  # for the last upload, to a store that may not answer
MAX_BYTES = 16_384

log = logging.getLogger("aftertrain.progress")


def report(done: float, **metrics: float) -> None:
    """Report the finished share of the work and current metrics; without AFTERTRAIN_PROGRESS, nothing happens."""
    target = os.environ.get(VARIABLE)
    if target is not None:
        temporary = Path(f"{target}.new")
        temporary.write_text(json.dumps({"done": round(done, 4), "metrics": metrics}))
        temporary.replace(target)  # readers see the old or the new file, never half of one


@contextmanager
def watch_progress(file: Path, publish: Callable[[Path], object], look: float = POLL_SECONDS) -> Iterator[None]:
    """While the block runs, upload every change of the file, and the last one at the end."""
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
            except Exception as error:  # progress must never fail the job
                log.warning("progress is not told: %s", error)
        if ended:
            return


def _is_complete(content: bytes) -> bool:
    """Whether the content is a small JSON object; a program may be in the middle of writing it."""
    try:
        return len(content) <= MAX_BYTES and isinstance(json.loads(content), dict)
    except ValueError:
        return False
