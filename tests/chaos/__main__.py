"""`make chaos`: 1,000 events with duplicates, cut connections and killed processes. At the end every law must hold.

The functions and the worker are the real ones, as processes on the emulator; one of them is killed with SIGKILL about
every second. Memory and processes are bounded: two webhooks, two redrivers, a sweeper, the status function, a
worker and the emulator.
"""

import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

from aftertrain.local.emulator import start_emulator
from aftertrain.local.processes import Processes, free_port
from tests.chaos import laws
from tests.chaos.stage import Stage, build
from tests.chaos.traffic import deliver, traffic

ROOT = Path(__file__).parents[2]
SEED = int(os.environ.get("SEED", "1"))
PAUSES = (0.4, 1.6)  # seconds between two kills
PATIENCE_SECONDS = 150.0  # for what is unfinished when the senders have ended
THREADS = 12


class Victims:
    """The processes, by name; one that was killed is started again at once."""

    def __init__(self, commands: dict[str, list[str]], environment: dict[str, str], folder: Path) -> None:
        self._commands, self._environment, self._folder = commands, environment, folder
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self.kills = 0
        for name in commands:
            self._start(name)

    def _start(self, name: str) -> None:
        with (self._folder / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(
                self._commands[name], env=self._environment, cwd=ROOT, stdout=log, stderr=log, start_new_session=True
            )

    def kill_one(self, numbers: random.Random) -> None:
        """Kill one at random, and start it again."""
        name = numbers.choice(sorted(self._running))
        self._end(name)
        self.kills += 1
        self._start(name)

    def end(self) -> None:
        """End all of them."""
        for name in self._running:
            self._end(name)

    def _end(self, name: str) -> None:
        process = self._running[name]
        with suppress(ProcessLookupError):
            os.killpg(process.pid, 9)
        process.wait()


@contextmanager
def killing(victims: Victims) -> Iterator[None]:
    """Kill in the background, as long as the block runs."""
    over, numbers = threading.Event(), random.Random(SEED)

    def kill() -> None:
        while not over.wait(numbers.uniform(*PAUSES)):
            victims.kill_one(numbers)

    thread = threading.Thread(target=kill, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def commands(stage: Stage, ports: list[int]) -> dict[str, list[str]]:
    """The processes that may be killed."""
    function = [sys.executable, "-m", "tests.chaos.functions"]
    worker = [str(Path(sys.executable).parent / "aftertrain"), "worker", "--activity", stage.activity]
    return {
        **{f"webhook-{port}": [*function, "webhook", str(port)] for port in ports},
        **{f"redrive-{number}": [*function, "redrive"] for number in range(2)},
        "sweep": [*function, "sweep"],
        "status": [*function, "status"],
        "worker": worker,
    }


def run(processes: Processes) -> list[str]:
    """Send everything while processes die; returns the violations."""
    began, ports = time.monotonic(), [free_port(), free_port()]
    stage = build(start_emulator(processes))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment |= stage.environment | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'functions'}"}
    victims = Victims(commands(stage, ports), environment, processes.folder)
    try:
        sent = traffic(random.Random(SEED))
        with killing(victims), ThreadPoolExecutor(THREADS) as pool:
            requests = sum(pool.map(lambda each: deliver(each, ports, SEED), sent))
        ended = time.monotonic()
        while (left := laws.unfinished(stage)) and time.monotonic() - ended < PATIENCE_SECONDS:
            time.sleep(1)
        print(
            f"{len(sent)} events in {requests} requests, {victims.kills} processes killed, "
            f"{left} unfinished {time.monotonic() - ended:.0f} s after the last answer, "
            f"{time.monotonic() - began:.0f} s in all"
        )
        return list(laws.broken(sent, stage))
    finally:
        victims.end()


def main() -> int:
    """Returns the exit code."""
    with tempfile.TemporaryDirectory(prefix="aftertrain-chaos-") as folder, Processes(Path(folder)) as processes:
        violations = run(processes)
    for violation in violations[:40]:
        print(violation)
    print(f"{len(violations)} laws broken" if violations else "every law holds")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
