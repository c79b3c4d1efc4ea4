"""Plain words: names are the field's terms, and sentences of the pages are short enough to be read once."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.project.blocks import PAGES, ROOT, name_of

# Words that only their author would guess -> the word of the glossary.
GUESSED = {
    "weave": "crossing region",
    "woven": "crossing region",
    "wish": "request",
    "told": "answer, report or publish",
    "happened": "event",
    "strays": "process reaper",
    "crew": "supervisor",
    "fuse": "merge",
    "spent": "cost",
    "worked": "job seconds",
    "circles": "cycles",
    "misfit": "mistake",
}
MOST_WORDS = 35
SOURCES = [path for folder in ("functions", "infra", "docs") for path in sorted((ROOT / folder).rglob("*.py"))]


def names(path: Path) -> Iterator[str]:
    """Every name that a module defines or binds, and the module's own."""
    yield path.stem
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.arg(arg=name):
                yield name
            case ast.Name(id=name, ctx=ast.Store()):
                yield name


def sentences(text: str) -> Iterator[str]:
    """The sentences of a page, without code, pictures and tables."""
    prose = re.sub(r"^( *)```.*?^\1```$", "", text, flags=re.MULTILINE | re.DOTALL)
    lines = [line for line in prose.splitlines() if not line.lstrip().startswith(("|", "!["))]
    for paragraph in re.split(r"\n\s*\n|\n(?= *(?:[-#>]|\d+\.) )", "\n".join(lines)):
        yield from re.split(r"(?<=[.!?:;])\s", " ".join(paragraph.split()))


def test_names_are_terms_of_the_field() -> None:
    found = {
        f"{path.relative_to(ROOT)}: {name}: say {GUESSED[word]}"
        for path in SOURCES
        for name in names(path)
        for word in map(str.lower, re.findall(r"[a-z]+|[A-Z][a-z]*", name))
        if word in GUESSED
    }

    assert found == set()


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_sentences_are_short(page: Path) -> None:
    assert [each for each in sentences(page.read_text(encoding="utf-8")) if len(each.split()) > MOST_WORDS] == []
