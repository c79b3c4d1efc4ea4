"""Goldens: what the compiler makes of each definition, byte for byte.

`machines/NAME.yaml` -> `machines/NAME.json`, and every pipeline of `pipelines/` -> `machines/NAME.json` as well.
`mistakes/CODE-what.yaml` -> `mistakes/CODE-what.txt`, as a terminal shows it. Rewrite them with
`UPDATE_GOLDEN=1 make test`, and look at what has changed.
"""

import json
import os
from pathlib import Path

import pytest
from sfnx import testing

from aftertrain.asl.emit import pretty
from aftertrain.compiler.bindings import PLACEHOLDERS
from aftertrain.compiler.compile import compile_pipeline
from aftertrain.compiler.diagnostics import CODES, CompileError, render

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
MACHINES = sorted([*(HERE / "machines").glob("*.yaml"), *(ROOT / "pipelines").glob("*.yaml")])
MISTAKES = sorted((HERE / "mistakes").glob("*.yaml"))
CANNOT_BE_WRITTEN = {"AT501"}  # a quota, tested in unit/asl: a megabyte of YAML makes no readable golden


def check(path: Path, actual: str) -> None:
    """Compare with the golden file, or write it if that is asked for."""
    if os.environ.get("UPDATE_GOLDEN") and not os.environ.get("CI"):
        path.write_text(actual, encoding="utf-8")

    assert actual == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("source", MACHINES, ids=lambda path: path.stem)
def test_machine(source: Path) -> None:
    text = compile_pipeline(source.read_text(encoding="utf-8"), PLACEHOLDERS).asl

    testing.check(json.loads(text))
    check(HERE / "machines" / f"{source.stem}.json", pretty(text))


@pytest.mark.parametrize("source", MISTAKES, ids=lambda path: path.stem)
def test_mistake(source: Path) -> None:
    text = source.read_text(encoding="utf-8")
    with pytest.raises(CompileError) as caught:
        compile_pipeline(text, PLACEHOLDERS)

    shown = "\n".join(render(each, source.name, text) for each in caught.value.diagnostics) + "\n"
    check(source.with_suffix(".txt"), shown)
    assert source.stem.split("-")[0] in {each.code for each in caught.value.diagnostics}


def test_every_code_has_a_golden_mistake() -> None:
    assert {source.stem.split("-")[0] for source in MISTAKES} | CANNOT_BE_WRITTEN == set(CODES)


def test_no_golden_is_left_over() -> None:
    assert {path.stem for path in (HERE / "machines").glob("*.json")} == {path.stem for path in MACHINES}
    assert {path.stem for path in (HERE / "mistakes").glob("*.txt")} == {path.stem for path in MISTAKES}
