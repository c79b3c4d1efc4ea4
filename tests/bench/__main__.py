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
    """Measure and print."""
    found = cold_starts()
    webhook = found["webhook"]
    print("cold start, as a multiple of the webhook's:")
    for name, seconds in found.items():
        print(f"  {name:28} {seconds / webhook:5.2f}   ({seconds * 1000:.0f} ms here)")
    print("matching one event, as a multiple of parsing its JSON:")
    for count in (1, 100, 1000):
        matched, parsed = matching(count)
        print(f"  {count:5} triggers on its type     {matched / parsed:7.1f}   ({matched * 1e6:.0f} µs here)")


if __name__ == "__main__":
    main()
