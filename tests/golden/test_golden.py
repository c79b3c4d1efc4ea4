"""Goldens: the compiler's output for each definition, byte for byte.

`machines/NAME.yaml` -> `machines/NAME.json`, and every pipeline of `pipelines/` -> `machines/NAME.json` as well.
`events/KIND/WHAT.json` -> `senders/KIND-WHAT.json`, the events that a sample request becomes.
`mistakes/CODE-what.yaml` -> `mistakes/CODE-what.txt`, as a terminal shows it. Rewrite them with
`UPDATE_GOLDEN=1 make test`, and review the difference.
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
from aftertrain.ingest.normalise import normalise
from aftertrain.ingest.sources.delivery import Delivery
from aftertrain.model.event import Event
from aftertrain.model.source import SOURCE_KINDS, Source

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
MACHINES = sorted([*(HERE / "machines").glob("*.yaml"), *(ROOT / "pipelines").glob("*.yaml")])
MISTAKES = sorted((HERE / "mistakes").glob("*.yaml"))
RECORDED = sorted((ROOT / "events").glob("*/*.json"))
CANNOT_BE_WRITTEN = {"AT501"}  # a quota, tested in unit/asl: a megabyte of YAML makes no readable golden


def check(path: Path, actual: str) -> None:
    """Compare with the golden file, or write it if UPDATE_GOLDEN is set."""
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


@pytest.mark.parametrize("source", RECORDED, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_sender(source: Path) -> None:
    given = json.loads(source.read_text(encoding="utf-8"))
    payload = json.loads(given["body"]) if isinstance(given["body"], str) else given["body"]
    sender = Source("sender", given["source"], "none")
    drafts = normalise(Delivery(payload, sender, given["headers"], "2026-05-28T20:26:40.000Z"))

    envelopes = [draft.envelope() for draft in drafts if isinstance(draft, Event)]
    assert len(envelopes) == len(drafts)
    shown = json.dumps(envelopes, indent=2, ensure_ascii=False) + "\n"
    check(HERE / "senders" / f"{source.parent.name}-{source.stem}.json", shown)


def test_every_kind_of_sender_is_recorded() -> None:
    assert {path.parent.name for path in RECORDED} == set(SOURCE_KINDS)


def test_every_code_has_a_golden_mistake() -> None:
    assert {source.stem.split("-")[0] for source in MISTAKES} | CANNOT_BE_WRITTEN == set(CODES)


def test_no_golden_is_left_over() -> None:
    assert {path.stem for path in (HERE / "machines").glob("*.json")} == {path.stem for path in MACHINES}
    senders = {f"{path.parent.name}-{path.stem}" for path in RECORDED}
    assert {path.stem for path in (HERE / "senders").glob("*.json")} == senders
    assert {path.stem for path in (HERE / "mistakes").glob("*.txt")} == {path.stem for path in MISTAKES}
