"""A job's process -> nothing of it: it, its group, and whatever it started in groups of their own.

A launcher such as torchrun starts each of its programs in a session of its own, where no signal to the job's group
reaches it. A worker adopts what loses its parent, so that it finds it among its own children.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time

PR_SET_CHILD_SUBREAPER = 36
LOOK_SECONDS = 0.05
ROUNDS = 50  # each ends what the one before has orphaned


def adopt() -> None:
    """From now on, what loses its parent below this process becomes its child; on Linux only."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def children() -> set[int]:
    """The processes that this one is the parent of; none where there is no /proc."""
    own_pid, entries = str(os.getpid()), os.listdir("/proc") if os.path.isdir("/proc") else []
    return {int(pid) for pid in entries if pid.isdigit() and _parent(pid) == own_pid}


def end(process: "subprocess.Popen[bytes]", existing: set[int], grace: float) -> None:
    """End a process group politely, then not, and then what is left of it; `before`: children that are not its own."""
    _signal(process.pid, signal.SIGTERM)
    until = time.monotonic() + grace
    while _group_exists(process, existing) and time.monotonic() < until:
        time.sleep(LOOK_SECONDS)
    _signal(process.pid, signal.SIGKILL)
    process.wait()
    for _ in range(ROUNDS):
        orphans = children() - existing - {process.pid}
        if not orphans:
            return
        for pid in orphans:
            _kill(pid)


def _group_exists(process: "subprocess.Popen[bytes]", existing: set[int]) -> bool:
    """Whether anything of the group is; who is over and was adopted has to be taken leave of first."""
    process.poll()
    if not _signal(process.pid, 0):
        return False
    for pid in children() - existing - {process.pid}:
        _reap(pid, os.WNOHANG)
    return _signal(process.pid, 0)


def _signal(group: int, number: int) -> bool:
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return False
    return True


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    _reap(pid, 0)


def _reap(pid: int, options: int) -> None:
    try:
        os.waitpid(pid, options)
    except ChildProcessError:
        return


def _parent(pid: str) -> str:
    """The fourth field; the second is a name in brackets, which may have anything in it."""
    try:
        with open(f"/proc/{pid}/stat", errors="replace") as stat:
            return stat.read().rpartition(")")[2].split()[1]
    except (OSError, IndexError):  # it has ended meanwhile
        return ""
