"""Existing user code runs unchanged, except for the import and the class name."""

import os
from collections.abc import Iterator
from unittest import mock

import pytest
from tests.api import InProcess
from tests.unit.client import users_code

from aftertrain.client import Client
from aftertrain.client import client as client_module

HELLO = {"steps": [{"id": "hi", "action": "log", "params": {"message": "hi"}}]}


@pytest.fixture
def account(client: Client) -> Iterator[Client]:
    """The API, reached by `Client()`, with the pipelines and the trigger of the snippets."""
    for pipeline_id in ("pipe_abc123", "pipe_monitoring"):
        client.pipelines.create(id=pipeline_id, definition=HELLO)
    client.event_triggers.create(id="trig_xyz789", pipeline_id="pipe_monitoring", event_type="deployment.created")
    url = {"AFTERTRAIN_API_URL": "https://api.example"}
    with (
        mock.patch.dict(os.environ, url),
        mock.patch.object(client_module, "SignedTransport", return_value=InProcess()),
    ):
        yield client


def test_every_snippet_runs(account: Client, capsys: pytest.CaptureFixture[str]) -> None:
    users_code.create_event_trigger()
    users_code.event_filtering()
    users_code.auto_deploy()
    users_code.failure_alert()
    users_code.list_all_triggers()
    users_code.disable_a_trigger()
    users_code.update_filter()

    assert "Event trigger created: model-added-1\nmodel.added: True\n" in capsys.readouterr().out
    trigger = account.event_triggers.get("trig_xyz789")
    assert (trigger.enabled, trigger.filter) == (False, {"environment": "production", "priority": "high"})
    assert {"auto-deploy-new-models", "deployment-failure-alerts"} <= {each.id for each in account.pipelines.list()}
