"""The overhead around a job's program: from the task to its first line, and from its last line to the answer.

    {"worker": (0.41, 0.12), "batch": (0.90, 0.15), "sagemaker": (0.40, 0.09), "floor": (0.05, 0.02)}      seconds

The floor is an interpreter that runs only the program. On Batch, a container reads its input from a bucket, here a
server on this machine, and starts the program. On SageMaker, its input is a file. The services' own time for a machine
and an image is not included. The worker gets its task at once from a stand-in for Step Functions, and logs nothing.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median
from typing import Any

from aftertrain.jobs.activity import ActivityTask
from aftertrain.jobs.worker import Worker

ROUNDS = 7
OUTPUT = "/artifacts/e/s/output.json"
MODIFIED = "Thu, 01 Jan 2026 00:00:00 GMT"
PROGRAM = """
import time; begun = time.time()
import json, os
json.dump({"begun": begun, "ended": time.time()}, open(os.environ["AFTERTRAIN_OUTPUT"], "w"))
"""
COMMAND = [sys.executable, "-c", PROGRAM]
Overhead = tuple[float, float]  # seconds before and after the program


class _OneTask:
    """Hands out one task, and records the times at which it was taken and answered."""

    worker: Worker

    def __init__(self) -> None:
        self.taken = self.answered = 0.0
        self.output: dict[str, Any] = {}

    def take(self) -> ActivityTask | None:
        if self.taken:
            self.worker.stop()
        self.taken = time.time()
        return ActivityTask("token", _given())

    def heartbeat(self, task: ActivityTask) -> None:
        """Do nothing."""

    def succeed(self, task: ActivityTask, output: dict[str, Any]) -> None:
        self.answered, self.output = time.time(), output["result"]

    def fail(self, task: ActivityTask, error: str, cause: str) -> None:
        raise RuntimeError(cause)


def overheads() -> dict[str, Overhead]:
    """Medians of interleaved rounds."""
    cases = {"worker": _worker, "batch": _on_batch, "sagemaker": _on_sagemaker, "floor": _floor}
    found: dict[str, list[Overhead]] = {name: [] for name in cases}
    for _ in range(ROUNDS):
        for name, measure in cases.items():
            found[name].append(measure())
    return {
        name: (median(before for before, _ in each), median(after for _, after in each)) for name, each in found.items()
    }


def _worker() -> Overhead:
    tasks = _OneTask()
    tasks.worker = Worker(tasks, ship=lambda path, uri: uri)
    with suppress(SystemExit):
        tasks.worker.run()
    return tasks.output["begun"] - tasks.taken, tasks.answered - tasks.output["ended"]


class _Bucket(BaseHTTPRequestHandler):
    """Keeps the written objects in the memory of its server."""

    protocol_version = "HTTP/1.1"  # for `Expect: 100-continue`

    def _answer(self, content: bytes, status: int = 200) -> None:
        self.send_response(status)
        for name, value in (("content-length", str(len(content))), ("etag", '"e"'), ("last-modified", MODIFIED)):
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content)

    def do_PUT(self) -> None:
        server: Any = self.server
        server.objects[self.path] = self.rfile.read(int(self.headers["content-length"]))
        self._answer(b"")

    def do_GET(self) -> None:
        server: Any = self.server
        self._answer(server.objects.get(self.path, b""), 200 if self.path in server.objects else 404)

    do_HEAD = do_GET  # noqa: N815 - the name that http.server asks for

    def log_message(self, *_: Any) -> None:
        """Log nothing."""


def _on_batch() -> Overhead:
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), _Bucket)
    server.objects = {"/artifacts/e/s/input.json": json.dumps(_given()).encode()}
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    place = {"endpoint": f"http://127.0.0.1:{server.server_port}", "region": "auto"}
    told = {
        "AFTERTRAIN_BUCKETS": json.dumps({"artifacts": place}),
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_REQUEST_CHECKSUM_CALCULATION": "when_required",
    }
    program = [sys.executable, "-m", "aftertrain.jobs.container", "--folder", "s3://artifacts/e/s"]
    try:
        return _timed(
            program, told, lambda: json.loads(server.objects["/artifacts/e/s/output.json"])["output"]["result"]
        )
    finally:
        server.shutdown()
        server.server_close()


def _on_sagemaker() -> Overhead:
    with tempfile.TemporaryDirectory() as name:
        given, output = Path(name, "input.json"), Path(name, "output.json")
        given.write_text(json.dumps(_given()))
        told = {"AFTERTRAIN_INPUT": str(given), "AFTERTRAIN_OUTPUT": str(output)}
        program = [sys.executable, "-m", "aftertrain.jobs.container"]
        return _timed(program, told, lambda: json.loads(output.read_text())["output"]["result"])


def _floor() -> Overhead:
    with tempfile.TemporaryDirectory() as name:
        output = Path(name, "output.json")
        return _timed(COMMAND, {"AFTERTRAIN_OUTPUT": str(output)}, lambda: json.loads(output.read_text()))


def _timed(command: list[str], told: dict[str, str], read: Callable[[], dict[str, float]]) -> Overhead:
    started = time.time()
    subprocess.run(command, env=os.environ | told, check=True)
    ended = time.time()
    times = read()
    return times["begun"] - started, ended - times["ended"]


def _given() -> dict[str, Any]:
    params = {"command": COMMAND}
    return {"job": "job_run", "step": "s", "execution": "e", "params": params, "output_uri": "s3://nowhere/e/s"}
