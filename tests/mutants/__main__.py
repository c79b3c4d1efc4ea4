"""`make mutants`: a sample of mutants, each run against the tests nearest to it. At least 95 % must die.

A mutant that survives because it changes no behaviour stands in `survivors.txt`, with the reason.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.mutants.sample import PACKAGE, ROOT, Mutant, sample

COUNT, SEED = int(os.environ.get("COUNT", "24")), int(os.environ.get("SEED", "1"))
WANTED = 0.95
WORKERS, TIMEOUT_SECONDS = 2, 180
SURVIVORS = Path(__file__).with_name("survivors.txt")


def excused() -> set[str]:
    """The changed lines that are known to change no behaviour, as `path: line`."""
    lines = SURVIVORS.read_text(encoding="utf-8").splitlines()
    return {line.partition("  # ")[0] for line in lines if line and not line.startswith("#")}


def survives(mutant: Mutant) -> bool:
    """Whether every test near it passes."""
    with tempfile.TemporaryDirectory(prefix="aftertrain-mutant-") as folder:
        functions = Path(folder, "functions")
        shutil.copytree(PACKAGE, functions / "aftertrain", ignore=shutil.ignore_patterns("__pycache__"))
        (functions / "aftertrain" / mutant.path).write_text(mutant.source(), encoding="utf-8")
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
        command += ["-o", f"pythonpath={functions} .", *mutant.tests]
        environment = os.environ | {"PYTHONPATH": str(functions), "PYTHONDONTWRITEBYTECODE": "1", "CI": "1"}
        try:
            ran = subprocess.run(
                command, cwd=ROOT, env=environment, capture_output=True, timeout=TIMEOUT_SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            return False
    return ran.returncode == 0


def main() -> int:
    """Returns the exit code."""
    mutants, known = sample(COUNT, SEED), excused()
    with ThreadPoolExecutor(WORKERS) as pool:
        alive = [mutant for mutant, lives in zip(mutants, pool.map(survives, mutants), strict=True) if lives]
    named = {mutant: f"{mutant.path}: {mutant.changed_line}" for mutant in alive}
    bad = [mutant for mutant in alive if named[mutant] not in known]
    for mutant in alive:
        print(f"{'survives' if mutant in bad else 'excused '}  {mutant.operator}  {named[mutant]}")
    share = 1 - len(bad) / len(mutants)
    print(f"{len(mutants) - len(alive)} of {len(mutants)} mutants died, {len(alive) - len(bad)} excused: {share:.0%}")
    return 0 if share >= WANTED else 1


if __name__ == "__main__":
    sys.exit(main())
