"""Steps that many end-to-end tests share: send an event, wait for its consequences."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.e2e.conftest import Stage
from tests.project.blocks import ROOT

from aftertrain.client import InvalidRequestError
from aftertrain.local.object_notification import deliver


def changed(request: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """Another notification of the same object."""
    copy: dict[str, Any] = json.loads(json.dumps(request))
    copy["body"]["events"][0] |= fields
    return copy


def waited(look: Any) -> Any:
    end = time.monotonic() + 60
    while not (found := look()):
        assert time.monotonic() < end
        time.sleep(0.2)
    return found


def ended(stage: Stage, name: str) -> Any:
    """An execution at its end. It may not have started yet."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            return stage.local.client.executions.wait(name, interval=0.2)
        except InvalidRequestError:
            time.sleep(0.2)
    raise AssertionError(f"{name} has not begun")


def event_of(stage: Stage, run: Any) -> Any:
    """The event's data in an execution's input."""
    found = stage.local.account.client("stepfunctions").describe_execution(executionArn=run.arn)
    return json.loads(found["input"])["event"]["data"]


def hello(word: str) -> dict[str, Any]:
    return {"steps": [{"id": "a", "action": "log", "params": {"message": f"{word} {{{{ event.name }}}}"}}]}


def send(url: str, token: str | None, event_id: str, event_type: str = "model.added", **data: Any) -> Any:
    envelope = {
        "event_type": event_type,
        "event_id": event_id,
        "timestamp": "2026-01-01T00:00:00Z",
        "source": "r",
        "data": {"name": "n", **data},
    }
    request = {"method": "POST", "headers": {}, "body": envelope}
    return deliver(request, url, token or "").answer


def until_watched() -> None:
    """On this stage, a webhook's snapshot is at most half a second old."""
    time.sleep(0.6)


def run(
    stage: Stage, *arguments: str, folder: Path = ROOT, token: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run one of our commands as a user with the emulator's account and the stage's token."""
    environment = os.environ | stage.local.emulator.credentials()
    environment |= {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "AFTERTRAIN_API_URL": stage.local.stage.api_url,
        "AFTERTRAIN_TOKEN": token or stage.token,
    }
    return subprocess.run(arguments, cwd=folder, env=environment, capture_output=True, text=True, check=False)
