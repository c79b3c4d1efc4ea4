"""The written pages on the local stage: the whole tutorial, and everything else that needs a stage."""

import re
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from infra.settings import Settings
from tests.e2e.conftest import Stage
from tests.e2e.steering import run
from tests.project.blocks import DOCS, ROOT, Block, Command, block_commands, commands, matches, name_of, page_blocks
from tests.project.test_snippets import ON_THE_STAGE, PYTHON, PYTHON_ON_THE_STAGE, TUTORIAL

pytestmark = pytest.mark.e2e
PATIENCE_SECONDS = 30
SNAPSHOT_SECONDS = Settings().snapshot_seconds
_FILE = re.compile(r"`([\w/-]+\.(?:yaml|json))`")
_SECRET = re.compile(r"^secret  (\S+)$", re.MULTILINE)
_EXECUTION = re.compile(r"announce-finished-runs-[0-9a-f]{32}")


@dataclass
class Reader:
    """A reader who follows the tutorial in an empty folder."""

    stage: Stage
    folder: Path
    secret: str = ""
    execution: str = ""

    def follow(self, block: Block) -> None:
        """Write the file that a block shows, or run its commands."""
        match block.language:
            case "yaml" | "json":
                self._write(_FILE.findall(block.before)[-1], block.text)
            case "console":
                for command in block_commands(block):
                    self._run(command)

    def _write(self, name: str, text: str) -> None:
        file = self.folder / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def _run(self, command: Command) -> None:
        """Run it until its output matches the page: a new source and a new execution need a moment."""
        if command.words[0] == "make":
            return
        words = [self.execution if word == "EXECUTION" else word for word in command.words]
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            ran = run(self.stage, *words, folder=self.folder, token=self.secret)
            if matches(command.output, ran.stdout) or time.monotonic() > deadline:
                break
        assert matches(command.output, ran.stdout), f"{command.text}\n{ran.stdout}{ran.stderr}"
        self.secret = next(iter(_SECRET.findall(ran.stdout)), self.secret)
        self.execution = next(iter(_EXECUTION.findall(ran.stdout)), self.execution)


def test_the_tutorial_works(stage: Stage, tmp_path: Path) -> None:
    reader = Reader(stage, tmp_path)

    for block in page_blocks(DOCS / TUTORIAL):
        reader.follow(block)

    assert reader.secret
    assert reader.execution


@pytest.mark.parametrize(
    "command",
    [each for each in commands() if each.text.startswith(ON_THE_STAGE) and name_of(each.page) != TUTORIAL],
    ids=lambda command: command.text,
)
def test_commands_of_the_pages_run(stage: Stage, command: Command, tmp_path: Path) -> None:
    """The folder has the project's examples, and the files that the page has its reader write."""
    for name in ("events", "pipelines"):
        (tmp_path / name).symlink_to(ROOT / name)
    reader = Reader(stage, tmp_path)
    for block in page_blocks(command.page):
        if block.language == "json" and _FILE.search(block.before):
            reader.follow(block)

    ran = run(stage, *command.words, folder=tmp_path)

    assert ran.returncode == 0
    assert "apply" in command.words or ran.stderr == ""  # `apply` names what other tests have left on the stage
    assert ran.stdout


@pytest.mark.parametrize("page", sorted(PYTHON_ON_THE_STAGE))
def test_python_about_events_runs(stage: Stage, page: str, capsys: pytest.CaptureFixture[str]) -> None:
    names = {"client": stage.local.client}
    for text in PYTHON[page]:
        exec(text, names)
        time.sleep(SNAPSHOT_SECONDS)

    assert capsys.readouterr().out
