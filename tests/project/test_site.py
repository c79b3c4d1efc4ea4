"""The site: it builds without a warning, and its generated pages are complete."""

import subprocess
import sys
from pathlib import Path

import pytest
from docs import site_check
from docs.pages import PAGES as GENERATED
from infra.settings import Settings

from aftertrain.actions.catalogue import ACTIONS
from aftertrain.cli.main import cli
from aftertrain.compiler.diagnostics import CODES
from aftertrain.model.source import SOURCE_KINDS

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site, by the command of `make docs`."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-E", "-q", "-b", "html", "docs", str(folder)]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (built.returncode, built.stdout, built.stderr) == (0, "", "")
    return folder


def test_every_page_is_on_the_site(site: Path) -> None:
    written = {file.relative_to(ROOT / "docs") for file in (ROOT / "docs").rglob("*.md") if "_build" not in file.parts}

    assert {page.with_suffix(".html") for page in written} <= {file.relative_to(site) for file in site.rglob("*.html")}
    assert (site / "search.html").exists()


@pytest.mark.parametrize(
    ("html", "mistake"),
    [
        ('<a href="missing.html">x</a>', "no such file: missing.html"),
        ('<a href="#nowhere">x</a>', "no such anchor: #nowhere"),
        ('<script src="https://cdn.example/x.js"></script>', "loads from another host: https://cdn.example/x.js"),
    ],
)
def test_mistakes_on_the_site_are_found(tmp_path: Path, html: str, mistake: str) -> None:
    (tmp_path / "index.html").write_text(html)

    assert site_check.mistakes(tmp_path) == [f"index.html: {mistake}"]


def test_links_that_lead_somewhere_are_no_mistakes(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text('<p id="a"><a href="#a">x</a> <a href="https://example.com">y</a></p>')

    assert site_check.mistakes(tmp_path) == []


@pytest.mark.parametrize(
    ("page", "texts"),
    [
        ("reference/actions.md", [f"`{field}`" for action in ACTIONS.values() for field in action.params.model_fields]),
        ("reference/cli.md", [f"## aftertrain {name}" for name in cli.commands]),
        ("reference/diagnostics.md", [f"## {code}" for code in CODES]),
        ("reference/http-api.md", ["/v1/pipelines", "/v1/events"]),
        ("reference/sdk.md", ["client.event_triggers.create", "client.executions.wait"]),
        ("reference/senders.md", [f"## {kind}" for kind in SOURCE_KINDS]),
        ("reference/settings.md", [f"`{name}`" for name in Settings.__dataclass_fields__]),
        ("contributing/compiler-forms.md", ["Parallel"]),
    ],
)
def test_generated_pages_name_all_that_there_is(page: str, texts: list[str]) -> None:
    made = GENERATED[page]()

    assert [text for text in texts if text not in made] == []


def test_every_command_has_an_example_on_its_page() -> None:
    made = GENERATED["reference/cli.md"]()

    for section in made.split("\n## ")[1:]:
        for command in section.split("\n### ")[1 if "\n### " in section else 0 :]:
            assert command.count("```text") == 2, command.partition("\n")[0]
