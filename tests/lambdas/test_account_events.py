"""Events of the account's own bus."""

import json
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from tests.ingest_fakes import FakeLedger, FakeStarter, ingest_ports
from tests.unit.ingest.samples import snapshot, trigger

from aftertrain.errors import BusyError
from aftertrain.ingest.ports import IngestPorts
from aftertrain.lambdas import account_events

EVENTS = Path(__file__).parents[2] / "events" / "eventbridge"


def handle(event: Any, ports: IngestPorts) -> Any:
    watching = mock.Mock(get=lambda: snapshot(trigger("all", "object.*"), trigger("models", "model.*")))
    with (
        mock.patch.object(account_events.runtime, "ports", return_value=ports),
        mock.patch.object(account_events.runtime, "snapshot", return_value=watching),
    ):
        message = {"messageId": "1", "body": json.dumps(event)}
        return account_events.handler({"Records": [message]}, mock.Mock(function_name="account_events"))


def recorded(name: str) -> Any:
    return json.loads((EVENTS / f"{name}.json").read_text())["body"]


@pytest.mark.parametrize(("name", "trigger_id"), [("s3-object-created", "all"), ("sagemaker-model-package", "models")])
def test_an_event_of_the_bus_starts_what_it_fires_once(name: str, trigger_id: str) -> None:
    starter = FakeStarter()
    ports = ingest_ports(starter=starter)
    first, again = handle(recorded(name), ports), handle(recorded(name), ports)

    assert first == again == {"executions": list(starter.started)}
    assert next(iter(starter.started)).startswith(f"{trigger_id}-")


def test_what_is_no_event_is_dropped_with_a_word() -> None:
    assert handle({"id": "1", "source": "aws.s3"}, ingest_ports()) == {"executions": []}


def test_what_cannot_be_recorded_now_is_delivered_again() -> None:
    with pytest.raises(BusyError):
        handle(recorded("batch-job"), ingest_ports(FakeLedger(busy=1)))
