"""Ends a job whose worker has died: nobody keeps its task alive, and soon another worker gets it.

It polls the parent's process id, which changes when the parent dies.
"""

import os
import signal
import threading
import time

LOOK_SECONDS = 1.0
# Environment variable with the id of the process with which a job, or a supervised worker, ends.
WORKER, SUPERVISOR = "AFTERTRAIN_WORKER_PID", "AFTERTRAIN_SUPERVISOR_PID"


def end_with(parent: int, interval: float = LOOK_SECONDS) -> None:
    """From now on, end this process and its children as soon as its parent changes."""
    threading.Thread(target=_watch, args=(parent, interval), daemon=True).start()


def _watch(parent: int, interval: float) -> None:
    while os.getppid() == parent:
        time.sleep(interval)
    os.killpg(0, signal.SIGKILL)
