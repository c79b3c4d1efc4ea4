"""The demo as a person runs it: its end, an interruption, and `--keep`."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.project.blocks import ROOT

from aftertrain.local.demo import FOLDER

pytestmark = pytest.mark.e2e
COMMAND = [sys.executable, "-m", "aftertrain.local.demo"]
# As on a machine that has nothing but Python: no Node on PATH, no AWS configuration.
BARE = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")} | {"PATH": "/usr/sbin:/sbin"}


def ours() -> list[str]:
    """The command lines of the demo's processes in this folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(FOLDER) in line or ("aftertrain.local.emulator_patches" in line and str(FOLDER) in environment(path)):
            found.append(line)
    return found


def environment(path: Path) -> str:
    """The environment of a process."""
    try:
        return (path.parent / "environ").read_bytes().decode(errors="replace")
    except OSError:
        return ""


def test_the_demo_ends_with_a_report_and_leaves_no_process() -> None:
    ran = subprocess.run(COMMAND, cwd=ROOT, env=BARE, capture_output=True, text=True, timeout=180, check=False)

    assert (ran.returncode, ran.stderr) == (0, ""), ran.stdout
    for found in (
        "accuracy ",
        "ONNX parity error",
        "POST to first step",
        "one execution",
        "matched nothing",
        "prediction",
    ):
        assert found in ran.stdout
    assert ours() == []


def test_an_interruption_leaves_no_process() -> None:
    deploying = FOLDER / "cdk-deploy.log"
    deploying.unlink(missing_ok=True)
    # A shell that starts the tests in the background lets them, and what they start, ignore interruptions.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    process = subprocess.Popen(COMMAND, cwd=ROOT, env=BARE, stdout=subprocess.PIPE, text=True)
    signal.signal(signal.SIGINT, before)
    deadline = time.monotonic() + 60
    while not deploying.exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(1)  # Node is running now
    assert len(ours()) >= 2
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)

    assert process.returncode == 130
    assert "interrupted; everything is stopped" in out
    assert ours() == []
