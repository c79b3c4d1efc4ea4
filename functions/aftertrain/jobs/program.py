"""Any program as a job: JSON in a file in, JSON in a file out, 0 for success.

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
from aftertrain.jobs.orphan import WORKER


@contextmanager
def _passing_on(process: "subprocess.Popen[bytes]") -> Iterator[list[int]]:
    """A container's first process is the only one that is told to end; a worker tells all of a job's.

    Gives what it was told, which makes a failure of whatever the program does then: it is not done.
    """
    told: list[int] = []

    def pass_on(number: int, _: object) -> None:
        told.append(number)
        process.send_signal(number)

    listens = WORKER not in os.environ and threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGTERM, pass_on) if listens else None
    try:
        yield told
    except BaseException:
        process.kill()
        raise
    finally:
        if listens:
            signal.signal(signal.SIGTERM, before)


def program(job: JobInput, folder: Path) -> dict[str, Any]:
    """Returns {result}. Raises: JobError if the program cannot be started, fails, or writes no JSON."""
    given, result = folder / "data.json", folder / "result.json"
    given.write_text(json.dumps(job.params.get("data", {})))
    environment = os.environ | {str(name): str(value) for name, value in job.params.get("environment", {}).items()}
    environment |= {"AFTERTRAIN_INPUT": str(given), "AFTERTRAIN_OUTPUT": str(result)}
    environment["AFTERTRAIN_OUTPUT_URI"] = job.output_uri
    command = [str(each) for each in job.param("command")]
    try:
        process = subprocess.Popen(command, cwd=folder, env=environment)
    except OSError as error:
        raise JobError(f"{command[0]} cannot be started: {error}") from None
    with _passing_on(process) as told:
        code = process.wait()
    if told:
        raise JobError(f"{command[0]} was told to end, and ended with code {code}")
    if code != 0:
        raise JobError(f"{command[0]} ended with code {code}; its log has the reason")
    try:
        return {"result": json.loads(result.read_text()) if result.exists() else None}
    except ValueError as error:
        raise JobError(f"{command[0]} wrote no JSON to AFTERTRAIN_OUTPUT: {error}") from None
