"""Any program as a job: JSON in a file in, JSON in a file out, exit code 0 for success.

{"command": ["python", "score.py"], "data": {"threshold": 0.9}}  ->  {"result": {"score": 0.93}}
"""

import json
import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aftertrain.jobs.contract import JobError, JobInput
from aftertrain.jobs.parent_watchdog import WORKER


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
    except OSError as error:
        raise JobError(f"{command[0]} cannot be started: {error}") from None
    with _forward_signals(process) as signals:
        code = process.wait()
    if signals:
        raise JobError(f"{command[0]} was stopped, and ended with code {code}")
    if code != 0:
        raise JobError(f"{command[0]} ended with code {code}; its log has the reason")
    try:
        return {"result": json.loads(result_path.read_text()) if result_path.exists() else None}
    except ValueError as error:
        raise JobError(f"{command[0]} wrote no JSON to AFTERTRAIN_OUTPUT: {error}") from None
