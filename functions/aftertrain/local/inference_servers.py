"""An inference fleet: MLServer processes with the Open Inference Protocol, each with its own repository.

start_fleet(processes, environment, "s3://artifacts/clusters/local")
->  [{"url": "http://127.0.0.1:40001", "repository": "s3://artifacts/clusters/local/replica-0"}, …]
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path

import urllib3

from aftertrain.local.processes import Processes, free_port, wait_until

REPLICAS = 2


def start_fleet(processes: Processes, environment: Mapping[str, str], root: str) -> list[dict[str, str]]:
    """Start the replicas in parallel and wait until all are up. Raises: OperatorError."""
    started = []
    for number in range(REPLICAS):
        name = f"replica-{number}"
        url, repository = f"http://127.0.0.1:{free_port()}", f"{root}/{name}"
        folder = processes.folder / name
        _configure(folder, url, repository)
        command = [str(Path(sys.executable).parent / "mlserver"), "start", str(folder)]
        started.append((processes.start(name, command, environment), name, url, repository))
    for process, name, url, _ in started:
        wait_until(lambda url=url: _is_live(url), process, name, processes.log(name))  # type: ignore[misc]  # mypy sees no default here
    return [{"url": url, "repository": repository} for _, _, url, repository in started]


def _configure(folder: Path, url: str, repository: str) -> None:
    folder.mkdir(exist_ok=True)
    settings = {
        "host": "127.0.0.1",
        "http_port": int(url.rpartition(":")[2]),
        "grpc_port": free_port(),
        "metrics_port": free_port(),
        "metrics_dir": str(folder),
        "parallel_workers": 0,
        "model_repository_implementation": "aftertrain.serving.repository.BucketRepository",
        "model_repository_implementation_args": {"uri": repository},
    }
    (folder / "settings.json").write_text(json.dumps(settings))


def _is_live(url: str) -> bool:
    try:
        return urllib3.request("GET", f"{url}/v2/health/live", timeout=2.0, retries=False).status == 200
    except urllib3.exceptions.HTTPError:
        return False
