"""Policies of triggers on the stage, with the roles' own permissions."""

from itertools import pairwise
from pathlib import Path

import pytest
from tests.e2e.conftest import Stage
from tests.e2e.steering import ended, event_of, send, until_watched
from tests.project.blocks import ROOT

from aftertrain.local.object_notification import deliver, notification
from aftertrain.local.stage import MODEL_BUCKET

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def slow(stage: Stage) -> str:
    """A pipeline that takes two seconds, and an open source."""
    wait = {"id": "wait", "action": "wait_until", "params": {"duration_seconds": 2}}
    stage.local.client.pipelines.create(id="slow", definition={"steps": [wait]})
    return stage.local.client.sources.create("policies", kind="platform", auth="none").url


def test_a_queue_starts_one_after_the_other(stage: Stage, slow: str) -> None:
    client = stage.local.client
    client.event_triggers.create(
        id="queue", pipeline_id="slow", event_type="queue.x", concurrency={"limit": 1, "on_full": "queue"}
    )
    until_watched()
    for number in range(3):
        send(slow, None, f"q{number}", "queue.x")
    names = [client.events.get("policies", f"q{number}").executions[0] for number in range(3)]
    assert [each["verdict"] for each in client.events.get("policies", "q2").verdicts] == ["queued"]
    runs = [ended(stage, name) for name in names]

    assert [run.status for run in runs] == ["succeeded"] * 3
    for before, after in pairwise(runs):
        assert str(before.stopped_at) <= after.started_at


def test_cancel_stops_what_runs_for_what_is_newer(stage: Stage, slow: str) -> None:
    client = stage.local.client
    client.event_triggers.create(
        id="cancel", pipeline_id="slow", event_type="cancel.x", concurrency={"limit": 1, "on_full": "cancel"}
    )
    until_watched()
    first, second = (send(slow, None, f"c{number}", "cancel.x")["executions"][0] for number in range(2))

    assert [ended(stage, name).status for name in (first, second)] == ["aborted", "succeeded"]


def test_a_burst_is_one_execution_and_a_replay_another(stage: Stage, slow: str) -> None:
    client = stage.local.client
    client.event_triggers.create(id="burst", pipeline_id="slow", event_type="burst.x", debounce={"quiet": "2s"})
    until_watched()
    answers = [send(slow, None, f"b{number}", "burst.x") for number in range(3)]
    (name,) = {name for answer in answers for name in answer["executions"]}
    run = ended(stage, name)
    again = client.events.replay("policies", "b1")

    assert run.status == "succeeded"
    assert (again["record_id"], again["verdicts"][0]["verdict"]) == ("b1~2", "debounced")
    assert ended(stage, again["executions"][0]).status == "succeeded"


def test_a_trigger_that_starts_too_often_is_paused_until_it_is_resumed(stage: Stage, slow: str) -> None:
    client = stage.local.client
    client.event_triggers.create(id="rate", pipeline_id="slow", event_type="rate.x", rate={"limit": 1, "per": "1h"})
    until_watched()
    for number in range(2):
        send(slow, None, f"r{number}", "rate.x")
    (verdict,) = client.events.get("policies", "r1").verdicts

    assert (verdict["verdict"], verdict["clause"]) == ("paused", "rate")
    assert client.event_triggers.resume("rate") == 1
    assert ended(stage, client.events.get("policies", "r1").executions[0]).status == "succeeded"


def test_only_what_the_bucket_still_has_starts(stage: Stage, slow: str, tmp_path: Path) -> None:
    """The first event is about an earlier object. HEAD shows it, with the redrive function's own permissions."""
    client = stage.local.client
    client.event_triggers.create(
        id="newest", pipeline_id="slow", event_type="object.created", where='`key` = "newest/a"', order="latest"
    )
    until_watched()
    facts = []
    for text in ("old", "newer"):
        (tmp_path / "a").write_text(text)
        facts.append(stage.local.account.upload(MODEL_BUCKET, {"newest/a": tmp_path / "a"})["newest/a"])
    requests = [notification(ROOT, MODEL_BUCKET, "newest/a", each) for each in facts]
    names = [deliver(each, stage.source.url, stage.token).answer["executions"][0] for each in reversed(requests)]

    assert ended(stage, names[0]).status == "succeeded"
    words = [event.verdicts[0]["verdict"] for event in client.events.list() if event.subject == "newest/a"]
    assert words == ["received", "started"]  # the older one is looked at again until the bucket has surely settled


@pytest.mark.usefixtures("slow")
def test_a_sharded_checkpoint_starts_once_when_its_last_shard_is_there(stage: Stage) -> None:
    client = stage.local.client
    client.event_triggers.create(
        id="shards",
        pipeline_id="slow",
        event_type="object.created",
        where='`key` REGEXP "^shards/"',
        assemble={"pattern": r"-(?P<part>\d+)-of-(?P<total>\d+)"},
    )
    until_watched()
    keys = [f"shards/model-{part}-of-3.pt" for part in (2, 3, 1)]
    requests = [notification(ROOT, MODEL_BUCKET, key, {"size": 1, "eTag": key[13]}) for key in keys]
    for each in [*requests, requests[0]]:
        deliver(each, stage.source.url, stage.token)
    events = {event.subject: event for event in client.events.list() if event.subject in keys}
    verdicts = {key: [each for each in events[key].verdicts if each["trigger_id"] == "shards"] for key in keys}
    (run,) = client.executions.list("slow", limit=1)

    assert [verdicts[key][0]["verdict"] for key in keys] == ["assembling", "assembling", "started"]
    assert verdicts[keys[-1]][0]["execution"] == run.id
    assert [part["key"] for part in event_of(stage, ended(stage, run.id))["parts"]] == sorted(keys)
