"""One job in a process of its own: `python -m aftertrain.jobs.run INPUT OUTPUT`.

Exit code 0: the output file holds the output. 1: it holds the error, and standard error the traceback of an unforeseen
one. Anything else: the process died, without an output.
"""

import json
import os
import sys
import tempfile
import traceback
from pathlib import Path

from aftertrain.jobs.catalogue import find
from aftertrain.jobs.contract import JobError, JobInput, write_error, write_output
from aftertrain.jobs.parent_watchdog import WORKER, end_with
from aftertrain.jobs.progress import watch_progress


def main(input_path: Path, output_path: Path) -> int:
    """Run the job; returns the exit code."""
    try:
        job = JobInput.read(input_path)
        os.environ.setdefault("AFTERTRAIN_MOUNTS", json.dumps(job.mounts))
        if job.buckets:
            os.environ.setdefault("AFTERTRAIN_BUCKETS", json.dumps(job.buckets))
        with tempfile.TemporaryDirectory(prefix="aftertrain-", ignore_cleanup_errors=True) as folder:
            progress = Path(folder, "progress.json")
            with watch_progress(progress, lambda file: _store(file, f"{job.output_uri}/progress.json")):
                write_output(output_path, find(job.job)(job, Path(folder)), job.max_bytes)
    except JobError as error:
        write_error(output_path, error.name, str(error))
        return 1
    except RecursionError:
        write_error(output_path, JobError.name, "a file that the job reads is nested too deeply")
        return 1
    except Exception as error:  # a job's library may raise anything, and its author must see it
        traceback.print_exc()
        write_error(output_path, type(error).__name__, str(error))
        return 1
    return 0


def _store(path: Path, uri: str) -> None:
    # Importing its client takes longer than many jobs.
    from aftertrain.jobs.storage import store

    store(path, uri)


if __name__ == "__main__":
    end_with(int(os.environ.get(WORKER, os.getppid())))
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
