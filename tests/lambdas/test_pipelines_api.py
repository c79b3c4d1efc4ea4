"""Pipelines that are deleted, through the SDK and the real handler."""

import pytest

from aftertrain.client import Client, InvalidRequestError
from aftertrain.control.ports import ControlPorts

HELLO = {"steps": [{"id": "hi", "action": "log", "params": {"message": "hi"}}]}


def test_a_pipeline_is_deleted_with_its_triggers_and_can_come_back(client: Client, ports: ControlPorts) -> None:
    client.pipelines.create(id="p", definition=HELLO)
    client.pipelines.create(id="gone", definition=HELLO)
    client.event_triggers.create(pipeline_id="gone", event_type="a.b", id="t1")
    client.event_triggers.create(pipeline_id="p", event_type="a.b", id="t2")

    assert client.pipelines.delete("gone") == ("t1",)
    assert [each.id for each in client.event_triggers.list()] == ["t2"]
    assert [each["id"] for each in ports.registry.snapshot().item["triggers"]] == ["t2"]
    with pytest.raises(InvalidRequestError, match="there is no pipeline 'gone'"):
        client.pipelines.delete("gone")
    assert client.pipelines.create(id="gone", definition=HELLO).version == 2


def test_a_pipeline_that_another_one_runs_stays(client: Client, ports: ControlPorts) -> None:
    client.pipelines.create(id="child", definition=HELLO)
    step = {"id": "run", "action": "pipeline_run", "params": {"pipeline": "child"}}
    client.pipelines.create(id="parent", definition={"steps": [step]})

    with pytest.raises(InvalidRequestError, match="'parent' runs 'child'"):
        client.pipelines.delete("child")
