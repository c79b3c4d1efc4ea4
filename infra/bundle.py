"""Sources + locked dependencies -> the one asset of all functions.

    .aftertrain/bundle-py313-aarch64-9f86d081884c7d65/   aftertrain/ botocore/ re2/ …   with their byte code

Wheels are chosen for the functions' platform, not for this machine's. Byte code is compiled ahead, because compiling at
a cold start takes far longer. That needs an interpreter of the functions' version; without one, the bundle holds only
sources and says so. Code that no Lambda runs stays out: the jobs, the client, and unused service descriptions of
botocore.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from infra.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "functions" / "aftertrain"
LOCK = ROOT / "requirements-lambda.lock"
CACHE = ROOT / ".aftertrain"
LEFT_OUT = ("cli", "client", "jobs", "local", "serving")
SERVICES = (
    "batch", "cloudwatch", "dynamodb", "ecs", "s3", "sagemaker", "sagemaker-runtime", "secretsmanager", "sesv2", "sns",
    "sqs", "stepfunctions",
)  # fmt: skip
KEPT = 5  # bundles of older sources


def _ignored_names(folder: str, names: list[str]) -> set[str]:
    """What stays out of the bundle: our packages by their path, since other packages may share their names."""
    return {"__pycache__", *(LEFT_OUT if Path(folder) == SOURCE else ())} & set(names)


def build_bundle(settings: Settings) -> tuple[Path, str | None]:
    """Build the asset; returns its folder, and a warning if it has no byte code."""
    interpreter = _interpreter(settings)
    name = f"py{settings.python.replace('.', '')}-{settings.machine}"
    wheels = _made(f"wheels-{name}", _digest([LOCK]), lambda folder: _install(settings, folder))

    def build(folder: Path) -> None:
        shutil.copytree(wheels, folder)
        shutil.copytree(SOURCE, folder / "aftertrain", ignore=_ignored_names)
        if interpreter is not None:
            _compile(interpreter, folder)

    files = [LOCK, Path(__file__), *sorted(SOURCE.rglob("*.py"))]
    bundle = _made(f"bundle-{name}", _digest(files, interpreter or ""), build)
    if interpreter is None:
        return bundle, f"no python{settings.python} on PATH: the bundle has no byte code, cold starts take longer"
    return bundle, None


def _made(name: str, digest: str, make: Callable[[Path], None]) -> Path:
    """A folder named after its inputs: built once, and never visible unfinished or changed."""
    target = CACHE / f"{name}-{digest}"
    if not target.exists():
        CACHE.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE, prefix="partial-") as folder:
            built = Path(folder, name)
            make(built)
            with suppress(OSError):  # another process was faster, with the same content
                built.rename(target)
        _forget(name)
    os.utime(target)
    return target


def _forget(name: str) -> None:
    """Delete the folders of older sources, except the most recently used."""
    folders = sorted(CACHE.glob(f"{name}-*"), key=lambda folder: folder.stat().st_mtime, reverse=True)
    for folder in folders[KEPT:]:
        shutil.rmtree(folder, ignore_errors=True)


def _digest(files: list[Path], *extra: str) -> str:
    names = [path.relative_to(SOURCE).as_posix() if path.is_relative_to(SOURCE) else path.name for path in files]
    parts = [path.read_bytes() for path in files] + [text.encode() for text in (*names, *SERVICES, *LEFT_OUT, *extra)]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]


def _install(settings: Settings, folder: Path) -> None:
    """Install the locked wheels."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
    command += ["--require-hashes", "--no-deps", "--requirement", str(LOCK), "--target", str(folder)]
    subprocess.run(command + ([] if settings.local else _platform(settings)), check=True)
    _prune_services(folder / "botocore" / "data")
    shutil.rmtree(folder / "bin", ignore_errors=True)  # scripts that name this machine's interpreter


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
    return next((candidate for candidate in candidates if _version_of(candidate) == settings.python), None)


def _version_of(interpreter: str) -> str | None:
    """The version that an interpreter reports; a name on PATH may be a shim that starts nothing."""
    program = "import sys; print('%d.%d' % sys.version_info[:2])"
    try:
        result = subprocess.run([interpreter, "-c", program], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return result.stdout.strip()


def _compile(interpreter: str, target: Path) -> None:
    """Byte code that is never checked against its source: file times in a zip differ from those of the sources."""
    command = [interpreter, "-m", "compileall", "-q", "-j", "2", "--invalidation-mode", "unchecked-hash", str(target)]
    subprocess.run([*command, "-s", str(target)], check=True)
