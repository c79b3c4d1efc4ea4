"""Pieces of Markdown that the generated pages share."""

from collections.abc import Iterable


def table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    """A table; a bar inside a cell is escaped."""
    names = list(header)
    lines = [names, ["---"] * len(names), *rows]
    return [" | ".join(["", *map(_escape, line), ""]).strip() for line in lines]


def code(text: str) -> str:
    """Text as inline code."""
    return f"`{text}`" if text else ""


def _escape(cell: str) -> str:
    return cell.replace("|", "\\|")
