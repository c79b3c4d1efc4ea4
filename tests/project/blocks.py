"""The fenced blocks of a Markdown file."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md")] + sorted((ROOT / "docs").rglob("*.md"))
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """One block: the page it is on, its language, its text."""

    page: Path
    language: str
    text: str


def blocks(language: str) -> list[Block]:
    """Every block of a language, page by page."""
    return [
        Block(page, language, text)
        for page in PAGES
        for found, text in _BLOCK.findall(page.read_text(encoding="utf-8"))
        if found == language
    ]


def commands() -> list[tuple[str, str]]:
    """Every command of the console blocks, and what is printed below it."""
    found = []
    for block in blocks("console"):
        for entry in block.text.split("$ ")[1:]:
            command, _, output = entry.partition("\n")
            found.append((command, output))
    return found
