"""Checks of the finished site: a folder of HTML files → a list of mistakes, such as `index.html: no such file: x.svg`.

Sphinx resolves links between pages. This looks at what remains: pictures and files, anchors as they came out, and
anything that a page would load from another host.
"""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

_LINK_ATTRIBUTES = ("href", "src", "data", "poster")
_FOREIGN_STYLE = re.compile(r"(?:url\(|@import)\s*['\"]?(?:https?:)?//")


class Page(HTMLParser):
    """One HTML page: its anchors, its links, and what a browser would load with it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value for name, value in attrs if value}
        self.anchors |= {values[name] for name in ("id", "name") if name in values and (name == "id" or tag == "a")}
        links = [values[name] for name in _LINK_ATTRIBUTES if name in values]
        self.links += links
        if tag != "a":
            self.loaded += links


def mistakes(folder: Path) -> list[str]:
    """Every mistake of the site in `folder`, in the order of its files."""
    pages = {file.resolve(): Page(file.read_text(encoding="utf-8")) for file in sorted(folder.rglob("*.html"))}
    found = [text for file, page in pages.items() for text in _page_mistakes(file, page, pages, folder.resolve())]
    styles = (file for file in folder.rglob("*.css") if _FOREIGN_STYLE.search(file.read_text(encoding="utf-8")))
    return found + [f"{file.name}: loads from another host" for file in styles]


def _page_mistakes(file: Path, page: Page, pages: dict[Path, Page], folder: Path) -> Iterator[str]:
    name = file.relative_to(folder)
    for link in page.loaded:
        if urlsplit(link).netloc:
            yield f"{name}: loads from another host: {link}"
    for link in page.links:
        address = urlsplit(link)
        if address.scheme or address.netloc:
            continue
        target = (file.parent / unquote(address.path)).resolve() if address.path else file
        if not target.exists():
            yield f"{name}: no such file: {link}"
        elif address.fragment and target in pages and unquote(address.fragment) not in pages[target].anchors:
            yield f"{name}: no such anchor: {link}"
