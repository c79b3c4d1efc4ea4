"""The written pages are true: their snippets run, and their commands print the output below them."""

import json
import os
import re
from unittest import mock

import pytest
from tests.api import InProcess
from tests.project.blocks import ROOT, Block, Command, blocks, commands, matches, name_of

from aftertrain.cli import sources as sources_module
from aftertrain.cli.main import main
from aftertrain.client import Client
from aftertrain.client import client as client_module
from aftertrain.compiler.bindings import PLACEHOLDERS
from aftertrain.compiler.compile import compile_pipeline
from aftertrain.ingest.normalise import normalise
from aftertrain.ingest.schemas import check_schema
from aftertrain.ingest.sources.delivery import Delivery
from aftertrain.model.event import Event
from aftertrain.model.source import Source

# Each of these needs an account in AWS, or changes the shell; docs/limitations.md says so.
CANNOT_RUN = ("cdk bootstrap", "cdk deploy", "source .venv", "export AFTERTRAIN_API_URL")
# tests/e2e runs these on the local stage, in test_pages.py.
ON_THE_STAGE = (
    "aftertrain apply",
    "aftertrain approvals",
    "aftertrain event-types",
    "aftertrain events",
    "aftertrain executions",
    "aftertrain send",
)
TUTORIAL = "start/tutorial.md"
PYTHON: dict[str, list[str]] = {}
for each in blocks("python"):
    PYTHON.setdefault(each.name, []).append(each.text)
# tests/e2e runs the Python of these pages, which sends events or reads them.
PYTHON_ON_THE_STAGE = {page for page, texts in PYTHON.items() if "client.events." in "".join(texts)}
OFFLINE = [
    command
    for command in commands()
    if name_of(command.page) != TUTORIAL and not command.text.startswith((*CANNOT_RUN, *ON_THE_STAGE, "make "))
]


@pytest.mark.parametrize("page", sorted(PYTHON.keys() - PYTHON_ON_THE_STAGE))
def test_python_runs(page: str, client: Client) -> None:
    names = {"client": client}
    with (
        mock.patch.dict(os.environ, {"AFTERTRAIN_API_URL": "https://api.example"}),
        mock.patch.object(client_module, "SignedTransport", return_value=InProcess()),
    ):
        for text in PYTHON[page]:
            exec(text, names)


@pytest.mark.parametrize("block", blocks("yaml"), ids=lambda block: block.name)
def test_pipelines_compile(block: Block) -> None:
    """A block with only a part of a definition starts at one of its keys."""
    named = block.text if re.search(r"^name:", block.text, re.MULTILINE) else f"name: part\n{block.text}"

    compile_pipeline(named, PLACEHOLDERS)


@pytest.mark.parametrize("block", blocks("json"), ids=lambda block: block.name)
def test_json_is_an_event_or_its_schema(block: Block) -> None:
    payload = json.loads(block.text)
    if "properties" in payload:
        check_schema(payload)
        return

    (event,) = normalise(Delivery(payload.get("body", payload), Source("s", "platform", "none")))

    assert isinstance(event, Event)


@pytest.mark.parametrize("command", OFFLINE, ids=lambda command: command.text[:60])
def test_commands_print_what_the_page_shows(
    command: Command, client: Client, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    if command.words[1:3] != ["sources", "create"]:
        client.sources.create("tigris-models", kind="tigris")
    with mock.patch("sys.argv", command.words), mock.patch.object(sources_module, "Client", return_value=client):
        main()
    printed = capsys.readouterr().out

    assert printed
    assert matches(command.output, printed) or not command.output


def test_commands_of_make_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for command in commands():
        if command.words[0] == "make":
            assert re.search(rf"^{command.words[1]}:", makefile, re.MULTILINE), command


@pytest.mark.parametrize("block", blocks("sh"), ids=lambda block: block.name)
def test_what_no_test_runs_is_said_to(block: Block) -> None:
    """Blocks of `sh` need an account, another tool, or the user's own shell."""
    assert re.search("no test runs", block.page.read_text(encoding="utf-8"), re.IGNORECASE)


def test_commands_that_cannot_run_are_owned_up_to() -> None:
    page = (ROOT / "docs" / "limitations.md").read_text()
    for words in ("cdk bootstrap", "cdk deploy", "tigris buckets set-notifications", "activating the environment"):
        assert words in page
