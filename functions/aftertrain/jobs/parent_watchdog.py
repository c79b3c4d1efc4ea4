"""A job whose worker is gone ends at once: nobody keeps its task alive, and soon another worker has it.

It looks who its parent is; a process whose parent dies gets another one.
"""

import os
import signal
import threading
import time

LOOK_SECONDS = 1.0
# What names the process that a job, or a worker of a crew, ends with.
WORKER, CREW = "AFTERTRAIN_WORKER_PID", "AFTERTRAIN_CREW_PID"


def end_with(parent: int, interval: float = LOOK_SECONDS) -> None:
    """From now on, end this process and all that it started as soon as its parent is not this one any more."""
    threading.Thread(target=_watch, args=(parent, interval), daemon=True).start()


def _watch(parent: int, interval: float) -> None:
    while os.getppid() == parent:
        time.sleep(interval)
    os.killpg(0, signal.SIGKILL)
