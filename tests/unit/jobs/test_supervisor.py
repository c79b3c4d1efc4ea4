"""Supervisors and orphans, with real processes."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from aftertrain.cli import run_worker as command
from aftertrain.cli.main import cli
from aftertrain.jobs.supervisor import Supervisor, WorkerProcess

WORKS = """
import os, pathlib, signal, sys, time
folder = pathlib.Path(sys.argv[1])
(folder / f"{os.environ['WHO']}-{os.getpid()}").touch()
signal.signal(signal.SIGTERM, lambda *_: ((folder / f"done-{os.environ['WHO']}").touch(), sys.exit(0)))
time.sleep(60)
"""
JOB = """
import os, pathlib, subprocess, sys, time
from aftertrain.jobs.parent_watchdog import end_with
end_with(os.getppid(), 0.05)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
pathlib.Path(sys.argv[1]).write_text(f"{os.getpid()} {child.pid}")
time.sleep(60)
"""
PARENT = """
import subprocess, sys, time
subprocess.Popen([sys.executable, "-c", sys.argv[1], sys.argv[2]], start_new_session=True)
time.sleep(60)
"""


def until(look: Callable[[], Any]) -> Any:
    end = time.monotonic() + 20
    while not (found := look()):
        assert time.monotonic() < end
        time.sleep(0.02)
    return found


def gone(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return True
    return status == "Z"


def started(folder: Path, who: str) -> list[int]:
    return [int(path.name.rpartition("-")[2]) for path in folder.glob(f"{who}-*")]


def test_who_dies_is_started_again_and_all_stop_when_told_to(tmp_path: Path) -> None:
    members = [WorkerProcess(who, [sys.executable, "-c", WORKS, str(tmp_path)], {"WHO": who}) for who in "ab"]
    supervisor = Supervisor(members, pause=0.01, look=0.02)
    running = threading.Thread(target=supervisor.run)
    running.start()
    (first,) = until(lambda: started(tmp_path, "a"))
    until(lambda: started(tmp_path, "b"))
    os.kill(first, signal.SIGKILL)
    until(lambda: len(started(tmp_path, "a")) == 2)
    time.sleep(0.2)  # until it has said what it does when it is told to stop
    supervisor.stop()
    running.join(20)

    assert not running.is_alive()
    assert {path.name for path in tmp_path.glob("done-*")} == {"done-a", "done-b"}
    assert len(started(tmp_path, "b")) == 1


def test_a_job_ends_with_its_worker(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    parent = subprocess.Popen([sys.executable, "-c", PARENT, JOB, str(pids)])
    job, child = map(int, until(lambda: pids.exists() and pids.read_text()).split())
    assert not gone(job)
    parent.kill()
    parent.wait()

    until(lambda: gone(job) and gone(child))


def test_each_worker_of_a_supervisor_has_a_gpu_of_its_own(monkeypatch: Any) -> None:
    made: list[WorkerProcess] = []

    class Noted:
        def __init__(self, members: list[WorkerProcess]) -> None:
            made.extend(members)

        def stop(self) -> None:
            """Not called."""

        def run(self) -> None:
            """Nothing to do."""

    monkeypatch.setattr(command, "Supervisor", Noted)
    monkeypatch.setattr(command.signal, "signal", lambda *_: None)  # those of the tests stay as they are
    activity = "arn:aws:states:us-east-1:123456789012:activity:aftertrain-prod-some-pool"
    options = ["--activity", activity, "--pool", "gpu", "--gpus", "0,1", "--name", "box"]
    ran = CliRunner().invoke(cli, ["worker", *options])

    assert ran.exit_code == 0, ran.output
    assert [(each.name, each.environment) for each in made] == [
        ("box-0", {"CUDA_VISIBLE_DEVICES": "0"}),
        ("box-1", {"CUDA_VISIBLE_DEVICES": "1"}),
    ]
    assert all("activity:aftertrain-prod-gpu" in " ".join(each.command) for each in made)


def test_a_supervisor_may_have_workers_without_gpus() -> None:
    names = [member.name for member in command.members("a", "box", 3, "")]

    assert names == ["box-0", "box-1", "box-2"]
