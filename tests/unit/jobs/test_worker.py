"""The worker loop: real processes, and a Step Functions that may be slow, gone, or no longer interested."""

import json
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from botocore.stub import ANY, Stubber

from aftertrain.jobs import job_log
from aftertrain.jobs import worker as module
from aftertrain.jobs.activity import Activity, ActivityTask, TaskGoneError, UnreachableError
from aftertrain.jobs.contract import JobError
from aftertrain.jobs.worker import Worker

GIVEN = {"job": "model_evaluate", "step": "s", "execution": "e1", "params": {}, "output_uri": "s3://a/b"}


@dataclass
class FakeTasks:
    """Hands out tasks and remembers the answers. The worker stops when there are no more tasks."""

    tasks: list[Any]
    unreachable: int = 0
    gone: bool = False
    beats: int = 0
    answers: list[tuple[str, Any]] = field(default_factory=list)
    worker: Worker | None = None

    def take(self) -> ActivityTask | None:
        if not self.tasks:
            assert self.worker is not None
            self.worker.stop()
        task = self.tasks.pop(0)
        if isinstance(task, Exception):
            raise task
        return ActivityTask("token", task) if task else None

    def heartbeat(self, task: ActivityTask) -> None:
        self.beats += 1
        if self.gone:
            raise TaskGoneError("stopped")
        if self.unreachable:
            self.unreachable -= 1
            raise UnreachableError("no network")

    def succeed(self, task: ActivityTask, output: dict[str, Any]) -> None:
        self._answer("succeeded", output)

    def fail(self, task: ActivityTask, error: str, cause: str) -> None:
        self._answer("failed", f"{error}: {cause}")

    def _answer(self, how: str, what: Any) -> None:
        if self.unreachable:
            self.unreachable -= 1
            raise UnreachableError("no network")
        self.answers.append((how, what))


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Path]:
    """A program instead of the jobs. It gets the paths of input and output."""
    script = tmp_path / "job.py"
    start = module.subprocess.Popen

    def popen(command: list[str], **options: Any) -> Any:
        return start([sys.executable, str(script), *command[-2:]], **options)

    with mock.patch.object(module.subprocess, "Popen", popen):
        yield script


def kept(path: Path, uri: str) -> str:
    """A bucket that keeps nothing."""
    return uri


def work(tasks: FakeTasks, **options: Any) -> None:
    tasks.worker = Worker(tasks, beat=0.05, pause=0.01, **{"ship": kept, **options})
    with pytest.raises(SystemExit):
        tasks.worker.run()


SUCCESS = """
import json, sys
given = json.load(open(sys.argv[1]))
json.dump({"output": {"step": given["step"]}}, open(sys.argv[2], "w"))
"""


def test_a_job_gets_its_input_and_its_output_is_handed_in(program: Path) -> None:
    program.write_text(SUCCESS)
    tasks = FakeTasks([GIVEN, None, GIVEN | {"step": "t"}])
    work(tasks)

    assert tasks.answers == [("succeeded", {"step": "s"}), ("succeeded", {"step": "t"})]


def test_a_job_that_fails_says_why(program: Path) -> None:
    program.write_text(
        'import sys; open(sys.argv[2], "w").write(\'{"error": "JobError", "cause": "bad"}\'); sys.exit(1)'
    )
    tasks = FakeTasks([GIVEN])
    work(tasks)

    assert tasks.answers == [("failed", "JobError: bad\nits log: s3://a/b/log.txt")]


def test_what_a_job_writes_is_kept_and_its_end_is_told_if_it_fails(program: Path) -> None:
    program.write_text(
        "import sys\nfor at in range(30): print('line', at)\nsys.stderr.write('CUDA out of memory')\nsys.exit(3)"
    )
    logs: dict[str, str] = {}

    def ship(path: Path, uri: str) -> str:
        logs[uri] = path.read_text()
        return uri

    tasks = FakeTasks([GIVEN])
    work(tasks, ship=ship)
    ((_, why),) = tasks.answers

    assert logs["s3://a/b/log.txt"].splitlines()[0] == "line 0"
    assert why.splitlines()[:2] == ["JobDied: the job's process ended with code 3", "its log: s3://a/b/log.txt"]
    assert why.splitlines()[-1] == "CUDA out of memory"
    assert len(why.splitlines()) == 22


def test_what_a_job_leaves_behind_holds_up_no_worker(program: Path) -> None:
    child = "import time\nfor _ in range(100): print('still here', flush=True); time.sleep(0.1)"
    program.write_text(
        f"import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', {child!r}], start_new_session=True)" + SUCCESS
    )
    tasks, begun = FakeTasks([GIVEN]), time.monotonic()
    work(tasks)

    assert tasks.answers == [("succeeded", {"step": "s"})]
    assert time.monotonic() - begun < 8


def test_a_line_without_an_end_is_not_kept_in_memory(program: Path) -> None:
    program.write_text("import sys\nsys.stdout.write('x' * 1_000_000)\nsys.stdout.flush()\nsys.exit(3)")
    tasks = FakeTasks([GIVEN])
    work(tasks)

    assert len(tasks.answers[0][1]) < 10_000


def test_a_log_that_cannot_be_kept_keeps_no_answer(program: Path) -> None:
    def ship(path: Path, uri: str) -> str:
        assert tasks.answers, "the answer does not wait for the log"
        raise JobError(f"{uri} cannot be written")

    program.write_text(SUCCESS)
    tasks = FakeTasks([GIVEN])
    work(tasks, ship=ship)

    assert tasks.answers == [("succeeded", {"step": "s"})]


def test_a_job_gets_no_more_memory_than_it_may_have(program: Path) -> None:
    program.write_text("b = bytearray(600_000_000)" + SUCCESS)
    tasks = FakeTasks([GIVEN, GIVEN])
    work(tasks, memory_bytes=300_000_000)

    assert all(how == "failed" and "MemoryError" in why for how, why in tasks.answers)
    assert len(tasks.answers) == 2


def test_what_a_log_says_beyond_its_bound_is_not_kept(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_log, "MAX_BYTES", 20)
    program.write_text("for at in range(9): print('line', at)\n" + SUCCESS)
    sizes: list[int] = []
    tasks = FakeTasks([GIVEN])
    work(tasks, ship=lambda path, uri: sizes.append(path.stat().st_size) or uri)

    assert sizes == [20]


def test_what_a_job_downloads_goes_with_its_folder(program: Path, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    program.write_text(f"import tempfile; open({str(seen)!r}, 'w').write(tempfile.mkdtemp())")
    work(FakeTasks([GIVEN]))

    assert "aftertrain-job-" in seen.read_text()
    assert not Path(seen.read_text()).exists()


@pytest.mark.parametrize("place", ["/dev/full", "no/such/folder"])
def test_a_job_whose_log_finds_no_room_runs_all_the_same(program: Path, place: str) -> None:
    program.write_text(SUCCESS + "print('x' * 200_000)")
    tasks = FakeTasks([GIVEN])
    with mock.patch.object(module, "LOG", place):
        work(tasks)

    assert tasks.answers == [("succeeded", {"step": "s"})]


def test_a_worker_that_cannot_run_a_job_says_so(program: Path) -> None:
    tasks = FakeTasks([GIVEN])
    with mock.patch.object(module.json, "dumps", side_effect=OSError("No space left on device")):
        work(tasks)

    assert tasks.answers == [("failed", "WorkerFailed: the worker could not run it: No space left on device")]


def test_a_worker_without_room_takes_nothing(program: Path) -> None:
    tasks = FakeTasks([GIVEN])
    worker = Worker(tasks, pause=0.01)
    with mock.patch.object(module.shutil, "disk_usage", return_value=mock.Mock(free=0)):
        running = threading.Thread(target=worker.run)
        running.start()
        time.sleep(0.1)
        worker._stopping.set()
        running.join()

    assert (tasks.tasks, tasks.answers) == ([GIVEN], [])


def test_half_an_answer_is_none(program: Path) -> None:
    """The output of a job on a full disk."""
    program.write_text("import sys; open(sys.argv[2], 'w').write('{\"output\": {'); sys.exit(1)")
    tasks = FakeTasks([GIVEN])
    work(tasks)
    ((how, what),) = tasks.answers

    assert (how, what.split(":")[0]) == ("failed", "JobDied")


def test_an_answer_that_is_never_taken_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """No other worker repeats the job."""
    activity = Activity("arn:aws:states:us-east-1:123456789012:activity:a", "w")
    with Stubber(activity._client) as stub:
        stub.add_client_error("send_task_success", "InvalidOutput", "no")
        stub.add_response("send_task_failure", {}, {"taskToken": "t", "error": "OutputRefused", "cause": ANY})
        activity.succeed(ActivityTask("t", {}), {"loss": 1})
        stub.assert_no_pending_responses()


@pytest.mark.parametrize("code", ["import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "raise SystemExit(3)", ""])
def test_a_job_that_dies_without_an_answer_fails(program: Path, code: str) -> None:
    program.write_text(code)
    tasks = FakeTasks([GIVEN])
    work(tasks)

    ((how, why),) = tasks.answers
    assert how == "failed"
    assert why.startswith("JobDied: the job's process ended with code")


def test_a_long_job_keeps_its_heart_beating_through_a_loss_of_the_network(program: Path) -> None:
    program.write_text("import time; time.sleep(0.5)" + SUCCESS)
    tasks = FakeTasks([GIVEN], unreachable=3)
    work(tasks)

    assert tasks.beats > 3
    assert tasks.answers == [("succeeded", {"step": "s"})]


def test_a_job_that_nobody_hears_of_is_over_before_another_worker_gets_it(program: Path, tmp_path: Path) -> None:
    alive = tmp_path / "alive"
    program.write_text(
        f"import time\nwhile True: open({str(alive)!r}, 'a').write(f'{{time.monotonic()}}\\n'); time.sleep(0.02)"
    )
    tasks, begun = FakeTasks([GIVEN | {"lease_seconds": 2.0}], unreachable=10**6), time.monotonic()
    work(tasks)
    last = float(alive.read_text().splitlines()[-1])

    assert begun + 0.9 < last < begun + 2.0
    assert tasks.answers == []


def test_an_answer_is_not_delivered_for_ever(program: Path) -> None:
    program.write_text(SUCCESS)
    tasks = FakeTasks([GIVEN | {"lease_seconds": 0.3}, GIVEN], unreachable=10**6)
    threading.Timer(0.6, lambda: setattr(tasks, "unreachable", 0)).start()
    work(tasks)

    assert tasks.answers == [("succeeded", {"step": "s"})]  # of the second task


def test_a_job_that_nobody_waits_for_is_killed_with_everything_it_started(program: Path, tmp_path: Path) -> None:
    mark = tmp_path / "alive"
    child = (
        f"import time, pathlib\nwhile True: pathlib.Path({str(mark)!r}).write_text(str(time.time())); time.sleep(0.02)"
    )
    program.write_text(f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {child!r}])")
    tasks = FakeTasks([GIVEN])
    threading.Timer(0.6, lambda: setattr(tasks, "gone", True)).start()
    work(tasks)
    last = mark.read_text()
    time.sleep(0.2)

    assert mark.read_text() == last
    assert tasks.answers == []


def test_an_answer_is_delivered_once_the_network_is_back(program: Path) -> None:
    program.write_text(SUCCESS)
    tasks = FakeTasks([GIVEN], unreachable=3)
    work(tasks)

    assert tasks.answers == [("succeeded", {"step": "s"})]


def test_a_worker_that_cannot_reach_step_functions_tries_again(program: Path) -> None:
    program.write_text(SUCCESS)
    tasks = FakeTasks([UnreachableError("no network"), GIVEN])
    work(tasks)

    assert len(tasks.answers) == 1


def test_a_stop_during_a_job_lets_it_finish(program: Path) -> None:
    program.write_text("import time; time.sleep(0.3)" + SUCCESS)
    tasks = FakeTasks([GIVEN, GIVEN])
    tasks.worker = Worker(tasks, beat=0.05, pause=0.01, ship=kept)
    threading.Timer(0.15, tasks.worker.stop).start()
    tasks.worker.run()

    assert len(tasks.answers) == 1


def test_the_real_program_answers_with_an_error_for_a_bad_input(tmp_path: Path) -> None:
    from aftertrain.jobs.run import main

    given, result = tmp_path / "input.json", tmp_path / "output.json"
    given.write_text(json.dumps(GIVEN | {"job": "dance"}))
    assert main(given, result) == 1
    assert "unknown job 'dance'" in json.loads(result.read_text())["cause"]
    given.write_text("{")
    assert main(given, result) == 1
    assert "cannot be read" in json.loads(result.read_text())["cause"]
