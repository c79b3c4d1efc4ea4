"""Verdicts as a person sees them in a terminal."""

import json
from collections.abc import Sequence
from typing import Any

from rich.text import Text

_STYLES = {
    "started": "green",
    "failed": "red",
    "incomplete": "red",
    "paused": "yellow",
    "stale": "yellow",
    "replaced": "yellow",
    "skipped": "yellow",
    "filtered": "dim",
    "disabled": "dim",
}


def styled(word: str) -> Text:
    """A verdict's word in its colour."""
    return Text(word, _STYLES.get(word, "cyan"))


def verdict_lines(verdicts: Sequence[dict[str, Any]], named: str = "trigger_id") -> Text:
    """Each verdict, and below it the clause that decided, what it asks for and what it found."""
    width = max((len(each["verdict"]) for each in verdicts), default=0)
    lines: list[Text] = []
    for each in verdicts:
        word = styled(each["verdict"])
        word.pad_right(width - len(word))
        execution = each.get("execution")
        lines.append(Text.assemble("  ", word, f"  {each[named]}", (f"  {execution}" if execution else "", "bold")))
        if each["clause"]:
            expected, actual = shown(each["expected"]), shown(each["actual"])
            lines.append(Text(f"  {'':{width}}  {each['clause']}: expected {expected}; found {actual}", "dim"))
    return Text("\n").join(lines)


def shown(value: Any) -> str:
    """A value in a cell: texts as they are, all else as JSON."""
    if value is None:
        return "nothing"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
