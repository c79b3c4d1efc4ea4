"""The configuration of the docs builder: `docs/**/*.md` and the generated pages → a site, by `make docs`.

The list of links in a folder's `index.md` is the navigation of that folder, so a code host and the site read alike.
"""

import posixpath
import re
import sys
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.config import Config

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "functions")]

from docs import pages, site_check  # noqa: E402 - the path to them is set above

project = "Aftertrain"
extensions = ["myst_parser", "sphinx_copybutton"]
exclude_patterns = ["_build", "pages", "pictures"]
nitpicky = True

# Markdown as code hosts read it: the same anchors, and `> [!NOTE]` as a box.
myst_heading_anchors = 4
myst_heading_slug_func = "github"
myst_enable_extensions = ["alert"]
copybutton_prompt_text = "$ "
copybutton_only_copy_prompt_lines = True

html_theme = "furo"
html_title = project
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
html_use_index = False

_LINKED_PAGE = re.compile(r"^- \[[^\]]+\]\(((?!\.\.)[^)#:]+)\.md\)", re.MULTILINE)
_CREDIT = re.compile(r'Made with\s*<a href="[^"]*">Furo</a>')


def add_navigation(_app: Sphinx, name: str, source: list[str]) -> None:
    """Append the table of contents that Sphinx wants to the text of an `index.md`."""
    linked = _LINKED_PAGE.findall(source[0]) if posixpath.basename(name) == "index" else []
    if linked:
        source[0] += "\n\n```{toctree}\n:hidden:\n\n" + "\n".join(linked) + "\n```\n"


def write_generated_pages(_app: Sphinx, _config: Config) -> None:
    """Write the pages that the code's own registries make."""
    pages.write()


def unlink_credit(app: Sphinx, error: Exception | None) -> None:
    """Keep the theme's credit as text: the site links to no host that the docs do not name."""
    if error:
        return
    for file in Path(app.outdir).rglob("*.html"):
        html = file.read_text(encoding="utf-8")
        file.write_text(_CREDIT.sub("Made with Sphinx and Furo", html), encoding="utf-8")


def check_site(app: Sphinx, error: Exception | None) -> None:
    """Fail the build for what Sphinx itself does not look at."""
    mistakes = [] if error else site_check.mistakes(Path(app.outdir))
    if mistakes:
        raise RuntimeError("the site has mistakes:\n  " + "\n  ".join(mistakes))


def setup(app: Sphinx) -> dict[str, bool]:
    """Sphinx calls this once, before it reads the first page."""
    app.connect("config-inited", write_generated_pages)
    app.connect("source-read", add_navigation)
    app.connect("build-finished", unlink_credit)
    app.connect("build-finished", check_site)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
