"""The project's promises about itself."""

import ast
import re
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from statistics import median

import grimp
import pytest

import aftertrain

ROOT = Path(__file__).parents[2]
TOP_LEVEL = {
    "pyproject.toml", "README.md", "functions", "infra", "tests", "events", "cdk.json", "docs", "pipelines", "Makefile",
    "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE",
    "requirements-dev.lock", "requirements-lambda.lock", "requirements-torch.lock",
}  # fmt: skip


IGNORED = {line.strip("/") for line in (ROOT / ".gitignore").read_text().split()} | {".git"}


def tracked(folder: Path = ROOT) -> list[Path]:
    """Every file of the project, except those that .gitignore names. It needs no git."""
    found: list[Path] = []
    for path in sorted(folder.iterdir()):
        if path.name not in IGNORED:
            found += tracked(path) if path.is_dir() else [path]
    return found


SOURCES = sorted([*(ROOT / "functions").rglob("*.py"), *(ROOT / "infra").rglob("*.py")])
TESTS = sorted((ROOT / "tests").rglob("*.py"))


def functions(path: Path) -> list[tuple[str, int]]:
    """The functions of a file and their lengths in lines."""
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    found = [node for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return [(f"{path.name}:{node.name}", (node.end_lineno or 0) - node.lineno + 1) for node in found]


def test_the_top_level_is_closed() -> None:
    names = {path.relative_to(ROOT).parts[0] for path in tracked()}

    assert {name for name in names if not name.startswith(".")} <= TOP_LEVEL


def test_files_and_functions_are_small() -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in (*SOURCES, *TESTS)}
    sizes = {name: lines for path in SOURCES for name, lines in functions(path)}

    assert median(lengths[path] for path in SOURCES) <= 120
    assert {path for path, lines in lengths.items() if lines > 400} == set()
    assert median(sizes.values()) <= 8
    assert {name for name, lines in sizes.items() if lines > 50} == set()


@pytest.mark.parametrize("lock", ["requirements-dev.lock", "requirements-lambda.lock"])
def test_lock_files_have_hashes_and_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text()
    pinned = re.findall(r"^[\w.\[\]-]+==", text, re.MULTILINE)

    assert pinned
    assert text.count("--hash=sha256:") >= len(pinned)
    assert "://" not in text
    assert "--index" not in text


def test_no_file_names_a_registry() -> None:
    hosts = re.compile("|".join(("py" + "pi\\.org", "python" + "hosted", "npm" + "js\\.", "deb" + "ian\\.org")))
    for path in tracked():
        assert not hosts.search(path.read_text(encoding="utf-8", errors="replace")), path


def test_importing_the_package_imports_nothing_else() -> None:
    program = "import sys, aftertrain; print([name for name in sys.modules if name.startswith('aftertrain.')])"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert ran.stdout == "[]\n"


def test_every_exported_name_is_there() -> None:
    assert dir(aftertrain) == sorted(aftertrain.__all__)
    for name in aftertrain.__all__:
        assert getattr(aftertrain, name).__name__ == name
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        aftertrain.nothing  # noqa: B018 - the point


def test_ci_runs_what_the_readme_says() -> None:
    commands = (ROOT / ".ci" / "run").read_text().splitlines()

    assert [line for line in commands if line.startswith("make")] == ["make torch", "make chaos", "make test"]


def test_what_a_replica_is_installed_with_is_all_that_it_imports() -> None:
    """The lock has every package, so no other test would notice a missing one."""
    graph = grimp.build_graph("aftertrain", include_external_packages=True)
    found = graph.find_upstream_modules("aftertrain.serving", as_package=True)
    outside = {name for name in found if not name.startswith("aftertrain") and name not in sys.stdlib_module_names}
    extra = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]["serving"]

    assert outside - {"botocore", "s3transfer"} == {re.split(r"[=>]", each)[0] for each in extra}


# `infra` runs in a process of its own, and loads these packages alone.
BESIDE_INFRA = {"model", "compiler", "actions", "asl", "expressions", "errors.py"}


def _package(path: Path) -> str:
    base = ROOT if path.is_relative_to(ROOT / "infra") else ROOT / "functions/aftertrain"
    return path.relative_to(base).parts[0]


def _classes(paths: Iterable[Path]) -> list[str]:
    return [
        node.name
        for path in paths
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ClassDef)
    ]


@pytest.mark.parametrize(
    "packages",
    [{_package(path) for path in SOURCES} - {"infra"}, BESIDE_INFRA | {"infra"}],
    ids=["functions", "infra"],
)
def test_no_two_classes_that_meet_in_a_process_have_one_name(packages: set[str]) -> None:
    names = _classes(path for path in SOURCES if _package(path) in packages)

    assert [name for name, count in Counter(names).items() if count > 1] == []
