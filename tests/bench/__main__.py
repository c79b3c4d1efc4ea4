"""What the docs claim of speed, measured side by side in one run and told as ratios: machines differ, and are shared.

Cold starts are whole interpreters that import a handler from the bundle and build its clients, in interleaved rounds.
"""

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from infra.bundle import build_bundle
from infra.settings import Settings

from aftertrain.ingest.match import match
from aftertrain.ingest.snapshot import read_snapshot
from aftertrain.model.event import Event
from aftertrain.model.trigger import PipelineVersion, Trigger
from tests.bench import compiler

ROUNDS = 9
ENVIRONMENT = {
    "LEDGER_TABLE": "l",
    "REGISTRY_TABLE": "r",
    "REDRIVE_QUEUE_URL": "https://q",
    "SNAPSHOT_SECONDS": "5",
    "AWS_DEFAULT_REGION": "us-east-1",
    "POWERTOOLS_METRICS_NAMESPACE": "x",
    "PYTHONDONTWRITEBYTECODE": "1",
}
WEBHOOK = "from aftertrain.lambdas import webhook; webhook.runtime.ports(); webhook.runtime.snapshot()"
CONTROL = "from aftertrain.lambdas import control"


def start(bundle: Path, program: str) -> float:
    """Seconds of one interpreter that imports from a bundle and nothing else."""
    code = f"import sys; sys.path.insert(0, {str(bundle)!r}); {program}"
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-S", "-c", code], env=ENVIRONMENT, check=True)
    return time.perf_counter() - begun


def cold_starts() -> dict[str, float]:
    """Medians of interleaved rounds, by what was started."""
    bundle, _ = build_bundle(Settings(stage="local", endpoint="http://127.0.0.1:1"))
    with tempfile.TemporaryDirectory() as folder:
        sources = Path(folder, "bundle")
        shutil.copytree(bundle, sources, ignore=shutil.ignore_patterns("__pycache__"))
        cases: dict[str, Callable[[], float]] = {
            "an interpreter": lambda: start(bundle, "pass"),
            "webhook": lambda: start(bundle, WEBHOOK),
            "webhook without byte code": lambda: start(sources, WEBHOOK),
            "control": lambda: start(bundle, CONTROL),
        }
        times: dict[str, list[float]] = {name: [] for name in cases}
        for _ in range(ROUNDS):
            for name, run in cases.items():
                times[name].append(run())
    return {name: median(values) for name, values in times.items()}


def matching(count: int) -> tuple[float, float]:
    """Seconds to match one event against `count` triggers on its type, and to parse its JSON."""
    version = PipelineVersion("p", 1, "arn")
    triggers = [
        Trigger(f"t{number}", "object.created", version, where=f'`key` REGEXP "^run-{number}/"').item()
        for number in range(count)
    ]
    snapshot = read_snapshot(1, {"sources": [], "triggers": triggers})
    event = Event("object.created", "1", "s", "t", "k", {"key": "run-7/final/model.safetensors", "size": 1})
    text = json.dumps(event.envelope())
    return per_call(lambda: match(event, snapshot)), per_call(lambda: json.loads(text))


def per_call(run: Callable[[], object], calls: int = 300) -> float:
    """The best of five rounds."""

    def once() -> float:
        begun = time.perf_counter()
        for _ in range(calls):
            run()
        return (time.perf_counter() - begun) / calls

    return min(once() for _ in range(5))


def main() -> None:
    """Measure, print a table, and write the same as JSON to the file that is named."""
    found = {**webhook_report(), **compiler_report()}
    for title, rows in found.items():
        print(f"{title}:")
        for name, value in rows.items():
            print(f"  {name:44} {value:>10.3f}")
    if len(sys.argv) > 1:
        Path(sys.argv[1]).write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


def webhook_report() -> dict[str, dict[str, float]]:
    """Cold starts and matching."""
    starts = cold_starts()
    matched = {count: matching(count) for count in (1, 100, 1000)}
    return {
        "cold start, as a multiple of the webhook's": {
            name: seconds / starts["webhook"] for name, seconds in starts.items()
        },
        "matching one event, as a multiple of parsing its JSON": {
            f"{count} triggers on its type": seconds / parsing for count, (seconds, parsing) in matched.items()
        },
    }


def compiler_report() -> dict[str, dict[str, float]]:
    """Makespans, transitions and compile times."""
    times = compiler.compile_times()
    reference = times["chain, by sfnx"]
    return {
        "makespan over the critical path, mean of random graphs": {
            f"{count} steps, {name}": ratio
            for count in (5, 10, 20, 50)
            for name, ratio in compiler.makespans(count).items()
        },
        "transitions over those of a machine by hand": {
            name: ours / theirs for name, (ours, theirs) in compiler.transitions().items()
        },
        "compile time, as a multiple of sfnx's for a chain of as many Tasks": {
            f"{count} steps, {name}": seconds / reference[count]
            for name, by_count in times.items()
            for count, seconds in by_count.items()
            if seconds
        },
        "compile time per step, as a multiple of that of 10 steps": {
            f"{count} steps, {name}": (seconds / count) / (by_count[10] / 10)
            for name, by_count in times.items()
            for count, seconds in by_count.items()
            if seconds
        },
        "compile time in milliseconds here": {
            f"{count} steps, {name}": seconds * 1000
            for name, by_count in times.items()
            for count, seconds in by_count.items()
            if seconds
        },
    }


if __name__ == "__main__":
    main()
