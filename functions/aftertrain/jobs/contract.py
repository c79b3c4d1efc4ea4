"""The contract of a job, on every backend.

    input   {"job": "model_evaluate", "step": "evaluate", "execution": "trig-1-0d9c…", "params": {…},
             "output_uri": "s3://artifacts/executions/trig-1-0d9c…/evaluate"}
    output  {"output": {…}} with exit code 0, or {"error": "JobError", "cause": "…"} with exit code 1

Both are JSON files. Large results are written below `output_uri`; the output contains their URIs.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# Of JSON: a state passes on 262,144 bytes, and an output may be a JSON text on its way there, up to twice as long.
MAX_BYTES = 98_304
MAX_CAUSE = 2000  # characters; the log has the rest


class JobError(Exception):
    """The job cannot do what its author asked; the message is for the author."""

    name = "JobError"


class OutputTooLargeError(JobError):
    """The output exceeds what a state can hold; large results must be referenced by URI."""

    name = "OutputTooLarge"


@dataclass(frozen=True, slots=True)
class JobInput:
    """A job's input. `mounts`: where the container has folders of buckets; `buckets`: buckets outside S3.

    `max_bytes`: the largest output as JSON.
    """

    job: str
    step: str
    execution: str
    params: dict[str, Any]
    output_uri: str
    mounts: tuple[dict[str, str], ...] = ()
    buckets: dict[str, Any] = field(default_factory=dict)
    max_bytes: int = MAX_BYTES

    @classmethod
    def read(cls, path: Path) -> "JobInput":
        """Read the input file. Raises: JobError if it is not valid."""
        try:
            content = json.loads(path.read_text())
            return cls(
                content["job"],
                content["step"],
                content["execution"],
                content["params"],
                content["output_uri"],
                tuple(content.get("mounts", ())),
                content.get("buckets", {}),
                content.get("max_bytes", MAX_BYTES),
            )
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise JobError(f"the job's input {path} cannot be read: {error!r}") from None

    def param(self, name: str) -> Any:
        """A required param. Raises: JobError if it is missing."""
        if self.params.get(name) is None:
            raise JobError(f"{self.job} needs the param {name!r}")
        return self.params[name]


def write_output(path: Path, output: dict[str, Any], max_bytes: int = MAX_BYTES) -> None:
    """Write the output of a successful job. Raises: JobError if it is too large for a state."""
    try:
        size = len(json.dumps(output, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode())
    except UnicodeEncodeError:
        raise JobError("the output contains a lone surrogate, which is no character") from None
    except ValueError:
        raise JobError("the output contains NaN or an infinite number, which JSON does not have") from None
    if size > max_bytes:
        raise OutputTooLargeError(
            f"the output has {size} bytes, and the limit is {max_bytes}: write it below output_uri and return its URI"
        )
    path.write_text(json.dumps({"output": output}, ensure_ascii=False), encoding="utf-8")


def write_error(path: Path, error: str, cause: str) -> None:
    """Write the error of a failed job."""
    path.write_text(json.dumps({"error": error, "cause": cause[:MAX_CAUSE]}))
