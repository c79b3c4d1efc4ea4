"""A job in a container: its input from a bucket, its output back there.

    python -m aftertrain.jobs.container --folder s3://artifacts/executions/trig-1-0d9c/evaluate
    ->  reads …/input.json, runs the job, writes …/output.json; exit code 0 or 1

If the service moves files itself, `AFTERTRAIN_INPUT` and `AFTERTRAIN_OUTPUT` name them instead. Errors also go to
standard error, which Batch and SageMaker keep for a failed container.
"""

import argparse
import json
import os
import signal
import sys
import tempfile
from pathlib import Path

from aftertrain.jobs import run
from aftertrain.jobs.contract import JobError

SAGEMAKER = Path("/opt/ml/output")


def main(arguments: list[str] | None = None) -> int:
    """Run the job; returns the exit code."""
    parser = argparse.ArgumentParser(prog="aftertrain.jobs.container")
    parser.add_argument("--folder", help="where input.json lies and output.json goes")
    folder = parser.parse_args(arguments).folder
    try:
        return _run_in_bucket(folder) if folder else _run_in_files()
    except (JobError, KeyError) as error:
        sys.stderr.write(f"{error}\n")
        return 1


def _run_in_bucket(uri: str) -> int:
    # Files that the service moves need no S3 client, whose import takes long.
    from aftertrain.jobs.storage import fetch, store

    with tempfile.TemporaryDirectory(prefix="aftertrain-") as folder:
        input_path, output = fetch(f"{uri}/input.json", Path(folder)), Path(folder, "output.json")
        code = run.main(input_path, output)
        if code:  # lets a reader tell this error from an earlier attempt's
            output.write_text(json.dumps(json.loads(output.read_text()) | {"job": os.environ.get("AWS_BATCH_JOB_ID")}))
        store(output, f"{uri}/output.json")
        return _report_failure(code, output)


def _run_in_files() -> int:
    if region := os.environ.get("AWS_REGION"):  # SageMaker's own tools read this variable
        os.environ.setdefault("AWS_DEFAULT_REGION", region)
    input_path, output = Path(os.environ["AFTERTRAIN_INPUT"]), Path(os.environ["AFTERTRAIN_OUTPUT"])
    output.parent.mkdir(parents=True, exist_ok=True)
    code = _report_failure(run.main(input_path, output), output)
    if code and SAGEMAKER.is_dir():
        cause = json.loads(output.read_text())["cause"]
        for name in ("message", "failure"):  # the files that SageMaker reads for a processing job and a training job
            (SAGEMAKER / name).write_text(cause[:1000])
    return code


def _report_failure(code: int, output: Path) -> int:
    if code:
        sys.stderr.write(f"{json.loads(output.read_text())['cause']}\n")
    return code


if __name__ == "__main__":
    # A container's first process ignores SIGTERM otherwise.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    sys.exit(main())
