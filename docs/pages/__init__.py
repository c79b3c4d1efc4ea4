"""The generated pages of the docs: one module a page, each with a function `page` that returns Markdown.

`docs/conf.py` writes them beside the written pages when the site is built; git ignores them.
"""

from collections.abc import Callable
from pathlib import Path

from docs.pages import actions, cli, compiler_forms, diagnostics, http_api, sdk, senders, settings

DOCS = Path(__file__).parents[1]
PAGES: dict[str, Callable[[], str]] = {
    "reference/actions.md": actions.page,
    "reference/cli.md": cli.page,
    "reference/diagnostics.md": diagnostics.page,
    "reference/http-api.md": http_api.page,
    "reference/sdk.md": sdk.page,
    "reference/senders.md": senders.page,
    "reference/settings.md": settings.page,
    "contributing/compiler-forms.md": compiler_forms.page,
}


def write(folder: Path = DOCS) -> None:
    """Write every generated page that has changed."""
    for name, page in PAGES.items():
        file, text = folder / name, page()
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
