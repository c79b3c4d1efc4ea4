"""ministack in a process of its own: AWS on one loopback port.

It checks permissions (`AUTH=true`), so everything runs with the stack's roles. Its root credentials are test/test.
`emulator_patches` is applied first.
"""

import os
import sys
from dataclasses import dataclass

import urllib3

from aftertrain.local.processes import Processes, free_port, wait_until

REGION = "us-east-1"
ACCOUNT = "000000000000"


@dataclass(frozen=True, slots=True)
class Emulator:
    """A running emulator."""

    endpoint: str

    def credentials(self, key: str = "test", secret: str = "test") -> dict[str, str]:  # noqa: S107 - the emulator's own
        """The environment in which SDKs and commands talk to it; as root if no key is given."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": key,
            "AWS_SECRET_ACCESS_KEY": secret,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
        }


def start_emulator(processes: Processes) -> Emulator:
    """Start it on a free port and wait until it answers. Raises: OperatorError."""
    port = free_port()
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment = inherited | {
        "AUTH": "true",
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "LOG_LEVEL": "INFO",
        "S3_DATA_DIR": str(processes.folder / "s3"),
        "STATE_DIR": str(processes.folder / "state"),
        "TMPDIR": str(_temporary_folder(processes)),
    }
    process = processes.start("ministack", [sys.executable, "-m", "aftertrain.local.emulator_patches"], environment)
    endpoint = f"http://127.0.0.1:{port}"
    wait_until(lambda: _is_healthy(endpoint), process, "ministack", processes.log("ministack"))
    return Emulator(endpoint)


def _temporary_folder(processes: Processes) -> str:
    folder = processes.folder / "tmp"
    folder.mkdir(exist_ok=True)
    return str(folder)


def _is_healthy(endpoint: str) -> bool:
    try:
        return urllib3.request("GET", f"{endpoint}/_ministack/health", timeout=2.0, retries=False).status == 200
    except urllib3.exceptions.HTTPError:
        return False
