"""Repairs by hand on the stage: the commands, as a user types them."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.conftest import Stage
from tests.e2e.steering import ended, hello, run, send, until_watched, waited

from aftertrain.aws.record_item import to_item
from aftertrain.errors import OperatorError
from aftertrain.ingest.event_record import EventKey, EventRecord, Start
from aftertrain.local.scenario import SOURCE
from aftertrain.local.stage import MODEL_BUCKET
from aftertrain.model.event import Event
from aftertrain.model.trigger import PipelineVersion

pytestmark = pytest.mark.e2e
LOGGED = {"steps": [{"id": "a", "action": "log", "params": {"message": "m"}}]}


def said(stage: Stage, *arguments: str) -> str:
    """The output of a command, which must succeed."""
    ran = run(stage, "aftertrain", *arguments)
    assert (ran.returncode, ran.stderr) == (0, ""), ran
    return ran.stdout


@pytest.fixture(scope="module")
def source(stage: Stage) -> Any:
    """A source of its own, with a pipeline that waits for a minute."""
    wait = {"id": "wait", "action": "wait_until", "params": {"duration_seconds": 60}}
    stage.local.client.pipelines.create(id="patient", definition={"steps": [wait]})
    stage.local.client.pipelines.create(id="greeting", definition=hello("got"))
    return stage.local.client.sources.create("by-hand", kind="platform", auth="none").url


def test_an_execution_is_stopped(stage: Stage, source: str) -> None:
    stage.local.client.event_triggers.create(id="patient", pipeline_id="patient", event_type="patience.x")
    until_watched()
    (name,) = send(source, None, "p1", "patience.x")["executions"]
    waited(lambda: stage.local.client.executions.list("patient"))
    said(stage, "executions", "stop", name)

    assert ended(stage, name).status == "aborted"


def test_a_draft_is_tried_against_what_has_happened(stage: Stage, source: str, tmp_path: Path) -> None:
    for size in (1, 5):
        send(source, None, f"b{size}", "draft.x", size=size)
    draft = tmp_path / "draft.yaml"
    draft.write_text("triggers:\n- {event_type: draft.x, filter: {size: [{numeric: ['>', 3]}]}}\n")
    found = said(stage, "triggers", "backtest", str(draft))

    assert "1 of " in found.splitlines()[0]
    assert "nearest misses" in found


def test_an_object_whose_event_never_came_is_found_in_the_bucket(stage: Stage, tmp_path: Path) -> None:
    (tmp_path / "w").write_text("weights")
    client = stage.local.client
    stage.local.account.upload(MODEL_BUCKET, {"lost/w": tmp_path / "w"})
    client.pipelines.create(
        id="found", definition={"steps": [{"id": "a", "action": "log", "params": {"message": "m"}}]}
    )
    client.event_triggers.create(pipeline_id="found", event_type="object.created", where='`key` = "lost/w"')
    until_watched()
    options = ("--bucket", MODEL_BUCKET, "--prefix", "lost/", "--older-than", "0s")
    options += ("--endpoint", stage.local.emulator.endpoint)
    first = said(stage, "reconcile", SOURCE, *options)
    (execution,) = waited(lambda: client.executions.list("found"))
    again = said(stage, "reconcile", SOURCE, *options)

    assert first.splitlines()[-1] == "1 events sent, 1 executions"
    assert ended(stage, execution.id).status == "succeeded"
    assert again.splitlines()[-1] == "0 objects without an event that matched a trigger"


def test_what_the_queue_gave_up_on_is_driven_again(stage: Stage, source: str) -> None:
    pipeline = stage.local.client.pipelines.get("greeting")
    version = PipelineVersion("greeting", pipeline.version, pipeline.machine_arn)
    event = Event("model.added", "dead", "by-hand", "2026-01-01T00:00:00Z", "", {"name": "alive"})
    key = EventKey("by-hand", "dead")
    # Due in a thousand years: the sweeper leaves it alone.
    record = EventRecord(key, event, 32_000_000_000.0, (), (Start("was-dead-1", "t", version, {}),), done=False)
    account = stage.local.account
    (table,) = (name for name in account.client("dynamodb").list_tables()["TableNames"] if "Ledger" in name)
    account.client("dynamodb").put_item(TableName=table, Item=to_item(record))
    (letters,) = (url for url in account.client("sqs").list_queues()["QueueUrls"] if "DeadLetters" in url)
    body = json.dumps({"source_id": key.source_id, "event_id": key.event_id})
    account.client("sqs").send_message(QueueUrl=letters, MessageBody=body)

    assert said(stage, "events", "replay-dead-letters") == "1 events queued again\n"
    assert ended(stage, "was-dead-1").step("a").output["message"] == "got alive"


def test_an_event_that_does_not_fit_its_types_schema_is_refused(stage: Stage, source: str, tmp_path: Path) -> None:
    schema = tmp_path / "schema.json"
    schema.write_text(json.dumps({"properties": {"size": {"type": "integer"}}, "required": ["size"]}))
    said(stage, "event-types", "register", "strict.x", str(schema))
    until_watched()
    with pytest.raises(OperatorError, match=r"answered 400.*size"):
        send(source, None, "e1", "strict.x")
    assert send(source, None, "e2", "strict.x", size=1)["matched"] == 0
    assert "strict.x  size" in said(stage, "event-types", "list").splitlines()
    said(stage, "event-types", "delete", "strict.x")
    until_watched()

    assert send(source, None, "e3", "strict.x")["matched"] == 0
