"""The docs' claims about speed, measured side by side in one run, as ratios: machines differ, and are shared.

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

from tests.bench import compiler, jobs, matching, webhook

ROUNDS = 15
ENVIRONMENT = {
    "LEDGER_TABLE": "l",
    "REGISTRY_TABLE": "r",
    "REDRIVE_QUEUE_URL": "https://q",
    "SNAPSHOT_SECONDS": "5",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "a",
    "AWS_SECRET_ACCESS_KEY": "b",
    "POWERTOOLS_METRICS_NAMESPACE": "x",
    "PYTHONDONTWRITEBYTECODE": "1",
}
WEBHOOK = "from aftertrain.lambdas import webhook; webhook.runtime.ports(); webhook.runtime.snapshot()"
BARE = "import botocore.session; s = botocore.session.get_session(); " + "; ".join(
    f"s.create_client({name!r})" for name in ("dynamodb", "stepfunctions", "sqs")
)
CONTROL = "from aftertrain.lambdas import control"


def start(bundle: Path, program: str) -> float:
    """Seconds of one interpreter that imports from a bundle and nothing else."""
    code = f"import sys; sys.path.insert(0, {str(bundle)!r}); {program}"
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-S", "-c", code], env=ENVIRONMENT, check=True)
    return time.perf_counter() - begun


def cold_starts() -> dict[str, float]:
    """For each handler: its time divided by that of botocore's clients, started just before it. Medians of all rounds.

    A shared machine is fast in one second and slow in the next, so the two of a pair run one after the other.
    """
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
        ratios: dict[str, list[float]] = {name: [] for name in cases}
        for _ in range(ROUNDS):
            for name, run in cases.items():
                bare = start(bundle, BARE)
                ratios[name].append(run() / bare)
    return {name: median(values) for name, values in ratios.items()}


def main() -> None:
    """Measure, print a table, and write the same as JSON to the named file."""
    found = {**webhook_report(), **matching_report(), **compiler_report(), **jobs_report()}
    for title, rows in found.items():
        print(f"{title}:")
        for name, value in rows.items():
            print(f"  {name:44} {value:>10.3f}")
    if len(sys.argv) > 1:
        Path(sys.argv[1]).write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


def webhook_report() -> dict[str, dict[str, float]]:
    """Cold starts, calls and costs."""
    counts, own = webhook.counted(), webhook.own_time()
    return {
        "cold start, as a multiple of that of bare botocore clients": cold_starts(),
        "the webhook's own time for one event, in microseconds": {"from the request to the receipt": own * 1e6},
        "calls of AWS per event": {name: float(len(each.calls)) for name, each in counts.items()},
        "write units per event": {name: float(each.write_units) for name, each in counts.items()},
        "dollars per million events": {name: webhook.dollars(each, own) for name, each in counts.items()},
    }


def matching_report() -> dict[str, dict[str, float]]:
    """An event among many triggers."""
    times = matching.matching_times()
    ours = times["index"]
    return {
        "matching one event and parsing it, as a multiple of that at 100 triggers": {
            f"{count} triggers": seconds / ours[100] for count, seconds in ours.items()
        },
        "matching one event and parsing it, in microseconds": {
            f"{count} triggers": seconds * 1e6 for count, seconds in ours.items()
        },
        "matching one event by asking every trigger, as a multiple of ours": {
            f"{count} triggers, {name}": seconds / ours[count]
            for name, by_count in times.items()
            if name != "index"
            for count, seconds in by_count.items()
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


def jobs_report() -> dict[str, dict[str, float]]:
    """The overhead around a job's program."""
    found = jobs.overheads()
    floor = found.pop("floor")
    return {
        "a job's overhead over an interpreter that starts for the program alone": {
            f"{name}, {when}": each[at] / floor[at]
            for name, each in found.items()
            for at, when in enumerate(("to its first line", "after its last"))
        },
        "a job's overhead in milliseconds here": {
            f"{name}, {when}": each[at] * 1000
            for name, each in {**found, "floor": floor}.items()
            for at, when in enumerate(("to its first line", "after its last"))
        },
    }


if __name__ == "__main__":
    main()
