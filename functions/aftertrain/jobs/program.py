"""Any program as a job: JSON in a file in, JSON in a file out, 0 for success.

{"command": ["python", "score.py"], "data": {"threshold": 0.9}}  ->  {"result": {"score": 0.93}}
"""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from aftertrain.jobs.contract import JobError, JobInput


def program(job: JobInput, folder: Path) -> dict[str, Any]:
    """Returns {result}. Raises: JobError if the program cannot be started, fails, or writes no JSON."""
    given, result = folder / "data.json", folder / "result.json"
    given.write_text(json.dumps(job.params.get("data", {})))
    environment = os.environ | {str(name): str(value) for name, value in job.params.get("environment", {}).items()}
    environment |= {"AFTERTRAIN_INPUT": str(given), "AFTERTRAIN_OUTPUT": str(result)}
    environment["AFTERTRAIN_OUTPUT_URI"] = job.output_uri
    command = [str(each) for each in job.param("command")]
    try:
        ran = subprocess.run(command, cwd=folder, env=environment, check=False)
    except OSError as error:
        raise JobError(f"{command[0]} cannot be started: {error}") from None
    if ran.returncode != 0:
        raise JobError(f"{command[0]} ended with code {ran.returncode}; its log has the reason")
    try:
        return {"result": json.loads(result.read_text()) if result.exists() else None}
    except ValueError as error:
        raise JobError(f"{command[0]} wrote no JSON to AFTERTRAIN_OUTPUT: {error}") from None
