"""The fenced blocks of the written pages: README.md, CONTRIBUTING.md and docs/**/*.md, without the generated ones."""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

from docs.pages import PAGES as GENERATED

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md"] + [
    page
    for page in sorted(DOCS.rglob("*.md"))
    if page.relative_to(DOCS).as_posix() not in GENERATED and "_build" not in page.parts
]
_BLOCK = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """One block: the page it is on, its language, its text, and the text between it and the block before."""

    page: Path
    language: str
    text: str
    before: str

    @property
    def name(self) -> str:
        """The page, as README.md or how-to/replay-events.md."""
        return name_of(self.page)


@dataclass(frozen=True)
class Command:
    """A line after `$ ` in a console block, and the output below it."""

    page: Path
    text: str
    output: str

    @property
    def words(self) -> list[str]:
        """The command's arguments."""
        return shlex.split(self.text)


def name_of(page: Path) -> str:
    """A page's path below docs, or below the project's folder."""
    return page.relative_to(DOCS if DOCS in page.parents else ROOT).as_posix()


def page_blocks(page: Path) -> list[Block]:
    """Every block of a page."""
    text, found, end = page.read_text(encoding="utf-8"), [], 0
    for match in _BLOCK.finditer(text):
        found.append(Block(page, match[2], dedent(match[3]), text[end : match.start()]))
        end = match.end()
    return found


def blocks(language: str) -> list[Block]:
    """Every block of a language, page by page."""
    return [block for page in PAGES for block in page_blocks(page) if block.language == language]


def commands() -> list[Command]:
    """Every command of the console blocks."""
    return [command for block in blocks("console") for command in block_commands(block)]


def block_commands(block: Block) -> list[Command]:
    """The commands of one console block."""
    entries = [entry.partition("\n") for entry in block.text.split("$ ")[1:]]
    return [Command(block.page, text, output) for text, _, output in entries]


def matches(expected: str, printed: str) -> bool:
    """Whether a command printed what the page shows. `…` in the page stands for any text of a line."""
    shown, found = expected.rstrip().splitlines(), printed.rstrip().splitlines()
    return len(shown) == len(found) and all(map(_matches_line, shown, found))


def _matches_line(expected: str, printed: str) -> bool:
    pattern = ".*".join(re.escape(part) for part in expected.rstrip().split("…"))
    return re.fullmatch(pattern, printed.rstrip()) is not None
