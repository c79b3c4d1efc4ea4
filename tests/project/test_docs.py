"""What the documentation says is so: its snippets run, its commands exist, its links lead somewhere."""

import json
import os
import re
import shlex
from pathlib import Path
from unittest import mock

import jsonschema
import pytest
from infra.settings import Settings
from tests.api import InProcess
from tests.project.blocks import PAGES, ROOT, blocks, commands

from aftertrain.actions.registry import ACTIONS
from aftertrain.cli import sources as sources_module
from aftertrain.cli.main import cli, main
from aftertrain.client import Client
from aftertrain.client import client as client_module
from aftertrain.compiler.bindings import PLACEHOLDERS
from aftertrain.compiler.compile import compile_pipeline
from aftertrain.compiler.diagnostics import CODES
from aftertrain.compiler.document import read_document
from aftertrain.compiler.schema import definition_schema
from aftertrain.ingest.normalise import normalise
from aftertrain.ingest.sources.delivery import Delivery
from aftertrain.model.event import Event
from aftertrain.model.source import Source

MISTAKES = ROOT / "tests" / "golden" / "mistakes"
# Each of these needs an account in AWS or at Tigris, or changes the shell; docs/limitations.md says so.
CANNOT_RUN = (
    "cdk bootstrap",
    "cdk deploy",
    "tigris buckets set-notifications",
    "source .venv",
    "export AFTERTRAIN_API_URL",
)
MAKES_A_SOURCE = "aftertrain sources create"
# tests/e2e runs these on the local stage, and bring_up starts the worker.
RUN_END_TO_END = (
    "aftertrain send",
    "aftertrain events",
    "aftertrain executions",
    "aftertrain approvals",
    "aftertrain apply",
    "aftertrain worker",
)


@pytest.mark.parametrize("page", ["README.md", "docs/deployments.md"])
def test_python_snippets_run(page: str, client: Client, capsys: pytest.CaptureFixture[str]) -> None:
    client.pipelines.create(definition=(ROOT / "pipelines" / "eval-convert-deploy.yaml").read_text())
    names = {"client": client}
    url = {"AFTERTRAIN_API_URL": "https://api.example"}
    with (
        mock.patch.dict(os.environ, url),
        mock.patch.object(client_module, "SignedTransport", return_value=InProcess()),
    ):
        for block in blocks("python"):
            if block.page == ROOT / page:
                exec(block.text, names)

    assert client.sources.list() or client.clusters.list()


def test_every_page_with_python_is_run() -> None:
    assert {block.page.name for block in blocks("python")} == {"README.md", "deployments.md"}


@pytest.mark.parametrize("block", blocks("yaml"), ids=lambda block: block.page.name)
def test_pipelines_compile(block: object) -> None:
    compile_pipeline(block.text, PLACEHOLDERS)


@pytest.mark.parametrize("block", blocks("json"), ids=lambda block: block.page.name)
def test_envelopes_are_events(block: object) -> None:
    payload = json.loads(block.text)

    assert isinstance(normalise(Delivery(payload, Source("s", "platform", "none")))[0], Event)


@pytest.mark.parametrize(("command", "output"), commands(), ids=lambda text: text[:40])
def test_commands_do_what_they_are_said_to(
    command: str, output: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = shlex.split(command)
    if words[0] == "make":
        assert re.search(rf"^{words[1]}:", (ROOT / "Makefile").read_text(), re.MULTILINE)
    elif not command.startswith((*CANNOT_RUN, *RUN_END_TO_END, MAKES_A_SOURCE)):
        monkeypatch.chdir(ROOT)
        with mock.patch("sys.argv", words):
            main()
        assert capsys.readouterr().out == output


def test_the_command_that_makes_a_source_does_what_it_is_said_to(
    client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    (command,) = (command for command, _ in commands() if command.startswith(MAKES_A_SOURCE))
    with mock.patch("sys.argv", shlex.split(command)), mock.patch.object(sources_module, "Client", return_value=client):
        main()

    assert "tigris buckets set-notifications" in capsys.readouterr().out
    assert [source.id for source in client.sources.list()] == ["tigris-models"]


def test_commands_that_cannot_run_are_owned_up_to() -> None:
    page = (ROOT / "docs" / "limitations.md").read_text()
    for words in ("cdk bootstrap", "cdk deploy", "tigris buckets set-notifications", "activating the environment"):
        assert words in page


def test_every_command_is_named_in_the_readme() -> None:
    text = (ROOT / "README.md").read_text()
    for name in cli.commands:
        assert f"aftertrain {name}" in text


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


def test_every_setting_and_every_action_is_documented() -> None:
    operations, pipelines = ((ROOT / "docs" / name).read_text() for name in ("operations.md", "pipelines.md"))
    for name in Settings.__dataclass_fields__:
        assert f"`{name}`" in operations
    for action in ACTIONS.values():
        (row,) = re.findall(rf"^\| `{action.name}` \|.*$", pipelines, re.MULTILINE)
        assert f"| {action.runs} |" in row
        for field in (*action.params.model_fields, *action.outputs.model_fields):
            assert f"`{field}`" in row


def diagnostics_page() -> str:
    """docs/diagnostics.md, made of the registry of codes and their golden cases."""
    lines = ["# Diagnostics", "", "Made of the codes in `compiler/diagnostics.py` and `tests/golden/mistakes`.", ""]
    for code, meaning in CODES.items():
        lines += [f"## {code}", "", f"{meaning[0].upper()}{meaning[1:]}.", ""]
        for case in sorted(MISTAKES.glob(f"{code}-*.yaml")):
            lines += ["```", case.with_suffix(".txt").read_text(encoding="utf-8").rstrip(), "```", ""]
    return "\n".join(lines).rstrip() + "\n"


def test_the_schema_is_up_to_date_and_knows_every_pipeline() -> None:
    file = ROOT / "docs" / "pipeline.schema.json"
    text = json.dumps(definition_schema(), indent=2, ensure_ascii=False) + "\n"
    if os.environ.get("UPDATE_GOLDEN") and not os.environ.get("CI"):
        file.write_text(text, encoding="utf-8")

    assert file.read_text(encoding="utf-8") == text
    validator = jsonschema.Draft202012Validator(definition_schema())
    validator.check_schema(definition_schema())
    files = [*(ROOT / "pipelines").glob("*.yaml"), *(ROOT / "tests/golden/machines").glob("*.yaml")]
    for source in [*(file.read_text(encoding="utf-8") for file in files), *(block.text for block in blocks("yaml"))]:
        validator.validate(read_document(source).value)


@pytest.mark.parametrize("code", ["AT102-shapes", "AT103-unknown-keys", "AT203-unknown-action", "AT204-unknown-param"])
def test_the_schema_finds_mistakes_of_shape(code: str) -> None:
    value = read_document((MISTAKES / f"{code}.yaml").read_text(encoding="utf-8")).value

    assert list(jsonschema.Draft202012Validator(definition_schema()).iter_errors(value))


def test_the_page_of_diagnostics_is_up_to_date() -> None:
    page = ROOT / "docs" / "diagnostics.md"
    if os.environ.get("UPDATE_GOLDEN") and not os.environ.get("CI"):
        page.write_text(diagnostics_page(), encoding="utf-8")

    assert page.read_text(encoding="utf-8") == diagnostics_page()
