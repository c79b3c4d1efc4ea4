"""Verdicts as text for the terminal."""

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


def styled(outcome: str) -> Text:
    """A verdict's outcome in its colour."""
    return Text(outcome, _STYLES.get(outcome, "cyan"))


def verdict_lines(verdicts: Sequence[dict[str, Any]], key: str = "trigger_id") -> Text:
    """Each verdict, and below it the deciding clause with its expected and actual values."""
    width = max((len(verdict["verdict"]) for verdict in verdicts), default=0)
    lines: list[Text] = []
    for verdict in verdicts:
        outcome = styled(verdict["verdict"])
        outcome.pad_right(width - len(outcome))
        execution = verdict.get("execution")
        lines.append(Text.assemble("  ", outcome, f"  {verdict[key]}", (f"  {execution}" if execution else "", "bold")))
        if verdict["clause"]:
            expected, actual = shown(verdict["expected"]), shown(verdict["actual"])
            lines.append(Text(f"  {'':{width}}  {verdict['clause']}: expected {expected}; found {actual}", "dim"))
    return Text("\n").join(lines)


def shown(value: Any) -> str:
    """A value in a cell: texts unchanged, everything else as JSON."""
    if value is None:
        return "nothing"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
