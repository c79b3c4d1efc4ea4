"""Ends a job's process, its group, and every process that it started in other groups.

A launcher such as torchrun starts its programs in sessions of their own, where no signal to the job's group reaches
them. A worker therefore adopts orphaned processes, and finds them among its own children.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time

PR_SET_CHILD_SUBREAPER = 36
LOOK_SECONDS = 0.05
ROUNDS = 50  # each round ends the orphans of the previous one


def adopt() -> None:
    """From now on, processes below this one that lose their parent become its children; on Linux only."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def children() -> set[int]:
    """The child processes of this one; none without /proc."""
    own_pid, entries = str(os.getpid()), os.listdir("/proc") if os.path.isdir("/proc") else []
    return {int(pid) for pid in entries if pid.isdigit() and _parent(pid) == own_pid}


def end(process: "subprocess.Popen[bytes]", existing: set[int], grace: float) -> None:
    """End a process group with SIGTERM, then with SIGKILL, then its orphans; `existing`: earlier children to spare."""
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
    """Whether anything of the group exists; ended orphans are reaped first."""
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
    """The parent's id: the fourth field, after a name in brackets, which may contain anything."""
    try:
        with open(f"/proc/{pid}/stat", errors="replace") as stat:
            return stat.read().rpartition(")")[2].split()[1]
    except (OSError, IndexError):  # the process has ended meanwhile
        return ""
