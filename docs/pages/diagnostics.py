"""The diagnostic codes and their golden mistakes -> the reference of diagnostics."""

from pathlib import Path

from aftertrain.compiler.diagnostics import CODES

MISTAKES = Path(__file__).parents[2] / "tests" / "golden" / "mistakes"
INTRO = """# Diagnostics

`aftertrain validate` and the API report every mistake of a definition at once, each with a code, its position, and a
hint. Every example on this page is a file of `tests/golden/mistakes`.
"""


def page() -> str:
    """The whole page."""
    lines = [INTRO]
    for name, meaning in CODES.items():
        lines += [f"## {name}", "", f"{meaning[0].upper()}{meaning[1:]}.", ""]
        for case in sorted(MISTAKES.glob(f"{name}-*.yaml")):
            lines += ["```text", case.with_suffix(".txt").read_text(encoding="utf-8").rstrip(), "```", ""]
    return "\n".join(lines).rstrip() + "\n"
