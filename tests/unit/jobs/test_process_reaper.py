"""A job's remaining processes, with real ones: here, a worker that adopts orphans runs in its own process."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

WORKER = """
import subprocess, sys
from pathlib import Path
from aftertrain.jobs import process_reaper

process_reaper.adopt()
before = process_reaper.children()
process = subprocess.Popen([sys.executable, "-c", Path("job.py").read_text()], start_new_session=True)
while not Path("ready").exists():
    pass
process_reaper.end(process, before, 10.0)
"""
# It saves what it has when it is told to end, and has started something in a session of its own.
JOB = """
import signal, subprocess, sys, time
from pathlib import Path

def save(*_):
    time.sleep(0.3)
    Path("saved").touch()
    sys.exit(0)

signal.signal(signal.SIGTERM, save)
other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
Path("ready.new").write_text(str(other.pid))
Path("ready.new").rename("ready")
time.sleep(60)
"""
CONTAINER = """
import signal, sys
from pathlib import Path
from aftertrain.jobs.contract import JobError, JobInput
from aftertrain.jobs.program import program

given = JobInput("job_run", "s", "e", {"command": [sys.executable, "-c", Path("job.py").read_text()]}, "s3://o")
try:
    program(given, Path.cwd())
except JobError as error:
    Path("over").write_text(str(error))
"""


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="orphans are adopted on Linux")
def test_a_job_has_time_to_save_and_nothing_of_it_is_left(tmp_path: Path) -> None:
    (tmp_path / "job.py").write_text(JOB)
    subprocess.run([sys.executable, "-c", WORKER], cwd=tmp_path, check=True, timeout=30)

    assert (tmp_path / "saved").exists()
    assert not is_alive(int((tmp_path / "ready").read_text()))


def test_the_first_process_of_a_container_passes_on_that_it_ends(tmp_path: Path) -> None:
    (tmp_path / "job.py").write_text(JOB)
    environment = {name: value for name, value in os.environ.items() if name != "AFTERTRAIN_WORKER_PID"}
    first = subprocess.Popen([sys.executable, "-c", CONTAINER], cwd=tmp_path, env=environment)
    until = time.monotonic() + 20
    while not (tmp_path / "ready").exists() and time.monotonic() < until:
        time.sleep(0.02)
    first.send_signal(signal.SIGTERM)

    assert first.wait(20) == 0
    assert (tmp_path / "saved").exists()
    assert "was stopped, and ended with code 0" in (tmp_path / "over").read_text()
    os.kill(int((tmp_path / "ready").read_text()), signal.SIGKILL)
