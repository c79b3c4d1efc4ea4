"""Sources + locked dependencies -> the one asset of all functions.

    .aftertrain/bundle-3.13-aarch64/   aftertrain/ botocore/ re2/ …   with byte code for exactly that interpreter

Wheels are chosen for the function's platform, not for this machine's. Byte code is compiled ahead, for a function that
has to compile its imports takes twice as long to start; it takes an interpreter of the function's version, so where
there is none the bundle has sources only and says so. What a Lambda does not run stays out: the jobs, the client, and
the service descriptions in botocore that nothing here calls.
"""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from infra.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements-lambda.lock"
LEFT_OUT = ("cli", "client", "jobs", "local", "serving")
SERVICES = ("dynamodb", "s3", "secretsmanager", "sns", "sqs", "stepfunctions")


def build_bundle(settings: Settings) -> tuple[Path, str | None]:
    """Build the asset; returns its folder, and a warning if it has no byte code."""
    name = f"{settings.python}-{settings.machine}"
    target = ROOT / ".aftertrain" / f"bundle-{name}"
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(_dependencies(settings, name), target)
    ignored = shutil.ignore_patterns("__pycache__", *LEFT_OUT)
    shutil.copytree(ROOT / "functions" / "aftertrain", target / "aftertrain", ignore=ignored)
    interpreter = _interpreter(settings)
    if interpreter is None:
        return (
            target,
            f"no python{settings.python} here: the bundle has no byte code, cold starts take twice as long",
        )
    _compile(interpreter, target)
    return target, None


def _dependencies(settings: Settings, name: str) -> Path:
    """The locked wheels, unpacked; installed anew only if the lock has changed."""
    digest = hashlib.sha256(LOCK.read_bytes() + "/".join(SERVICES).encode()).hexdigest()[:16]
    target = ROOT / ".aftertrain" / f"wheels-{name}-{digest}"
    if target.exists():
        return target
    partial = target.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-compile",
    ]
    command += ["--require-hashes", "--no-deps", "--requirement", str(LOCK), "--target", str(partial)]
    subprocess.run(command + ([] if settings.local else _platform(settings)), check=True)  # noqa: S603 - fixed arguments
    _prune_services(partial / "botocore" / "data")
    partial.rename(target)
    return target


def _platform(settings: Settings) -> list[str]:
    tags = (f"manylinux_2_28_{settings.machine}", f"manylinux2014_{settings.machine}")
    chosen = [argument for tag in tags for argument in ("--platform", tag)]
    return [*chosen, "--python-version", settings.python, "--implementation", "cp", "--only-binary", ":all:"]


def _prune_services(data: Path) -> None:
    for entry in data.iterdir():
        if entry.is_dir() and entry.name not in SERVICES:
            shutil.rmtree(entry)


def _interpreter(settings: Settings) -> str | None:
    """An interpreter of the functions' version: this one, or one on PATH."""
    candidates = (sys.executable, f"python{settings.python}")
    return next((each for each in candidates if _version_of(each) == settings.python), None)


def _version_of(interpreter: str) -> str | None:
    """The version that an interpreter says it has; a name on PATH may be a shim that starts nothing."""
    program = "import sys; print('%d.%d' % sys.version_info[:2])"
    try:
        ran = subprocess.run([interpreter, "-c", program], capture_output=True, text=True, check=True)  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        return None
    return ran.stdout.strip()


def _compile(interpreter: str, target: Path) -> None:
    """Byte code that is never checked against its source: the times of a zip's files are not those of the sources."""
    command = [
        interpreter,
        "-m",
        "compileall",
        "-q",
        "-j",
        "2",
        "--invalidation-mode",
        "unchecked-hash",
        str(target),
    ]
    subprocess.run([*command, "-s", str(target)], check=True)  # noqa: S603 - fixed arguments
