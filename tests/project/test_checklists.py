"""The checklists of `docs/contributing`: everything in the code has the files that they list.

A line such as "- [ ] `events/{kind}/*.json` exists: …" is tried for every kind of sender. When a new one lacks a file,
the test fails and names the missing file.
"""

import re
from pathlib import Path
from typing import get_args

import pytest

from aftertrain.actions.catalogue import ACTIONS
from aftertrain.compiler.diagnostics import CODES
from aftertrain.control import bodies
from aftertrain.ingest.sign import SCHEMES
from aftertrain.jobs.catalogue import JOBS
from aftertrain.model.policy import KINDS
from aftertrain.model.source import SOURCE_KINDS

ROOT = Path(__file__).parents[2]
CHECKLISTS = ROOT / "docs" / "contributing"
Values = list[dict[str, str]]
CLUSTERS = (bodies.OipCluster, bodies.SageMakerCluster, bodies.EcsCluster)
CLUSTER_KINDS = [get_args(cluster.model_fields["kind"].annotation)[0] for cluster in CLUSTERS]
LOWER = ROOT / "functions" / "aftertrain" / "compiler" / "lower"

# Page and heading -> the values that its lines are tried with.
LISTS: dict[tuple[str, str], Values] = {
    ("add-a-sender", "Every kind"): [{"kind": kind} for kind in SOURCE_KINDS],
    ("add-a-sender", "A kind that signs its requests"): [{"kind": kind} for kind in SCHEMES],
    ("add-an-action", "Every action"): [{"name": name} for name in ACTIONS],
    ("add-an-action", "An action that runs in the tasks function"): [
        {"name": name} for name, action in ACTIONS.items() if action.runs not in ("job", "pipeline")
    ],
    ("add-a-job", "Every job"): [{"name": name, "module": module} for name, (module, _) in JOBS.items()],
    ("add-a-policy", "Every policy"): [{"policy": kind} for kind in KINDS],
    ("add-a-cluster-kind", "Every kind"): [{"kind": kind} for kind in CLUSTER_KINDS],
    ("add-a-cluster-kind", "A kind whose service rolls out by itself"): [
        {"kind": kind} for kind in CLUSTER_KINDS if kind != "oip"
    ],
    # AT501 is a fault of the compiler itself: no definition is known that shows it.
    ("add-a-diagnostic", "Every code"): [{"code": code} for code in CODES if code != "AT501"],
    ("add-a-lowering-rule", "Every rule"): [
        {"rule": file.stem} for file in sorted(LOWER.glob("*.py")) if file.stem != "__init__"
    ],
}
_LINE = re.compile(r"^- \[ \] `([^`]+)` (?:exists|contains `([^`]+)`):", re.MULTILINE)


def lines(page: str, heading: str) -> list[tuple[str, str]]:
    """The paths and texts in the list below a heading."""
    text = (CHECKLISTS / f"{page}.md").read_text(encoding="utf-8")
    section = re.split(r"^## ", text.split(f"## {heading}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]
    found = _LINE.findall(section)
    assert len(found) == section.count("- [ ]"), f"{page}.md, {heading}: a line has another form"
    return found


def owed(wanted: list[tuple[str, str]], values: dict[str, str], root: Path = ROOT) -> list[str]:
    """The entries of a list that do not exist yet."""
    found = []
    for path, text in wanted:
        path, text = (_fill(part, values) for part in (path, text))
        if not any(_has(file.read_text(encoding="utf-8"), text) for file in root.glob(path)):
            found.append(path + (f" with {text}" if text else ""))
    return found


def _has(content: str, text: str) -> bool:
    """Whether the text is there as whole words: `rate` is not in `generate`."""
    return re.search(rf"(?:\b|(?!\w)){re.escape(text)}(?:(?<!\w)|\b)", content) is not None


def _fill(text: str, values: dict[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda match: values[match[1]], text)


@pytest.mark.parametrize(("page", "heading"), LISTS, ids=str)
def test_nothing_is_owed(page: str, heading: str) -> None:
    wanted = lines(page, heading)

    missing = [f"{page}.md, {values}: {path}" for values in LISTS[page, heading] for path in owed(wanted, values)]

    assert wanted
    assert not missing, "\n".join(missing)


def test_every_list_is_tried() -> None:
    pages = {(file.stem, heading) for file in CHECKLISTS.glob("add-*.md") for heading in _headings(file)}

    assert pages == set(LISTS)


def _headings(file: Path) -> list[str]:
    sections = re.split(r"^## ", file.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return [section.partition("\n")[0] for section in sections[1:] if "- [ ]" in section]


def test_a_new_sender_is_told_every_file_that_it_owes(tmp_path: Path) -> None:
    file = tmp_path / "events" / "ceph" / "put.json"
    file.parent.mkdir(parents=True)
    file.write_text("{}")

    missing = owed(lines("add-a-sender", "Every kind"), {"kind": "ceph"}, tmp_path)

    assert "functions/aftertrain/ingest/sources/ceph.py with def read(" in missing
    assert "events/ceph/*.json" not in missing


@pytest.mark.parametrize(("content", "found"), [("the rate of starts", True), ("generate", False), ("rates", False)])
def test_a_text_is_looked_for_as_whole_words(content: str, found: bool) -> None:
    assert _has(content, "rate") == found
