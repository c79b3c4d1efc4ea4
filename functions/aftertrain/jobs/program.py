"""Any program as a job: JSON in a file in, JSON in a file out, exit code 0 for success.

{"command": ["python", "score.py"], "data": {"threshold": 0.9}}  ->  {"result": {"score": 0.93}}
"""

import json
import os
import signal
import stat
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aftertrain.jobs.contract import JobError, JobInput
from aftertrain.jobs.parent_watchdog import WORKER

MAX_RESULT_BYTES = 10_000_000  # far more than an output may have; the error about that is clearer


@contextmanager
def _forward_signals(process: "subprocess.Popen[bytes]") -> Iterator[list[int]]:
    """Pass a container's signals on to the program; a worker signals all processes of a job itself.

    Yields the received signals: after one, the program's result counts as a failure.
    """
    signals: list[int] = []

    def forward(number: int, _: object) -> None:
        signals.append(number)
        process.send_signal(number)

    listens = WORKER not in os.environ and threading.current_thread() is threading.main_thread()
    previous_handler = signal.signal(signal.SIGTERM, forward) if listens else None
    try:
        yield signals
    except BaseException:
        process.kill()
        raise
    finally:
        if listens:
            signal.signal(signal.SIGTERM, previous_handler)


def program(job: JobInput, folder: Path) -> dict[str, Any]:
    """Returns {result}. Raises: JobError if the program cannot be started, fails, or writes no JSON."""
    data_path, result_path = folder / "data.json", folder / "result.json"
    data_path.write_text(json.dumps(job.params.get("data", {})))
    environment = os.environ | {str(name): str(value) for name, value in job.params.get("environment", {}).items()}
    environment |= {"AFTERTRAIN_INPUT": str(data_path), "AFTERTRAIN_OUTPUT": str(result_path)}
    environment["AFTERTRAIN_OUTPUT_URI"] = job.output_uri
    command = [str(argument) for argument in job.param("command")]
    try:
        process = subprocess.Popen(command, cwd=folder, env=environment)
    except (OSError, ValueError) as error:  # ValueError: an argument contains a zero byte
        raise JobError(f"{command[0]} cannot be started: {error}") from None
    with _forward_signals(process) as signals:
        code = process.wait()
    if signals:
        raise JobError(f"{command[0]} was stopped, and ended with code {code}")
    if code != 0:
        raise JobError(f"{command[0]} ended with code {code}; its log has the reason")
    return {"result": _read_result(result_path, command[0])}


def _read_result(path: Path, program_name: str) -> Any:
    """The JSON that the program wrote; None if it wrote none. Raises: JobError"""
    try:
        # Without waiting and without following links: the program may have made anything of this name.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise JobError(f"{program_name} made no file of AFTERTRAIN_OUTPUT: {error.strerror}") from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise JobError(f"{program_name} made no file of AFTERTRAIN_OUTPUT")
    with open(descriptor, "rb") as file:
        raw = file.read(MAX_RESULT_BYTES + 1)
    if len(raw) > MAX_RESULT_BYTES:
        raise JobError(f"{program_name} wrote more than {MAX_RESULT_BYTES} bytes to AFTERTRAIN_OUTPUT")
    try:
        return json.loads(raw)
    except RecursionError:
        raise JobError(f"{program_name} wrote JSON that is nested too deeply to AFTERTRAIN_OUTPUT") from None
    except ValueError as error:
        raise JobError(f"{program_name} wrote no JSON to AFTERTRAIN_OUTPUT: {error}") from None
