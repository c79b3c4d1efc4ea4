"""The whole path on the emulator, with IAM enforced: the demo's promises, and others.

The tests build on each other and run in order: first a release, then one that fails, then the clean-up.
"""

import json
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import urllib3
from tests.e2e.conftest import Stage
from tests.e2e.steering import changed, event_of, hello, send, until_watched, waited
from tests.project.blocks import ROOT

from aftertrain.aws.record_item import to_item
from aftertrain.ingest.event_record import EventKey, EventRecord, Start
from aftertrain.local.object_notification import deliver
from aftertrain.local.report import Findings, check
from aftertrain.local.scenario import CLUSTER, DEPLOYMENT, PIPELINE, SOURCE, predict
from aftertrain.model.event import Event
from aftertrain.model.trigger import PipelineVersion

pytestmark = pytest.mark.e2e
ASKS = {"model_source": "hugging_face", "auto_deploy": True}


def test_a_checkpoint_lands_and_is_serving(stage: Stage) -> None:
    first = deliver(stage.landed.request, stage.source.url, stage.token)
    again = deliver(stage.landed.request, stage.source.url, stage.token)
    other = deliver(stage.landed.other_request, stage.source.url, stage.token)
    execution = stage.local.client.executions.wait(first.answer["executions"][0], interval=0.3)

    assert execution.status == "succeeded", execution
    assert [(step.id, step.status) for step in execution.steps] == [
        ("evaluate", "succeeded"),
        ("convert", "succeeded"),
        ("deploy", "succeeded"),
        ("notify", "succeeded"),
    ]
    assert execution.step("evaluate").output["accuracy"] > 0.9
    assert execution.step("convert").output["max_abs_error"] < 1e-4
    predictions = [
        (url, *predict(url, stage.landed.checkpoint.holdout, 0)) for url in (each["url"] for each in stage.local.fleet)
    ]
    assert {answer == label for _, answer, label, _ in predictions} == {True}
    event = stage.local.client.events.get(SOURCE, execution.event["event_id"])
    check(Findings(first, again, other, event, execution, predictions))


def test_the_two_jobs_ran_side_by_side(stage: Stage) -> None:
    (execution,) = stage.local.client.executions.list(PIPELINE)
    evaluate, convert = (stage.local.client.executions.get(execution.id).step(name) for name in ("evaluate", "convert"))
    assert evaluate.stopped_at
    assert convert.stopped_at
    assert evaluate.started_at is not None
    assert convert.started_at is not None

    assert max(evaluate.started_at, convert.started_at) < min(evaluate.stopped_at, convert.stopped_at)


def test_the_notification_reached_the_log(stage: Stage) -> None:
    logs = stage.local.account.client("logs")
    groups = [group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]]
    lines = [
        event["message"]
        for group in groups
        for stream in logs.describe_log_streams(logGroupName=group)["logStreams"]
        for event in logs.get_log_events(logGroupName=group, logStreamName=stream["logStreamName"])["events"]
    ]
    written = "\n".join(lines)

    assert "is serving on 2 replicas of local-fleet with accuracy 0." in written
    assert stage.token not in written


def test_the_api_refuses_whoever_has_not_signed(stage: Stage) -> None:
    answer = urllib3.request("GET", f"{stage.local.stage.api_url}/v1/pipelines", retries=False)

    assert answer.status == 403


def test_the_webhook_refuses_a_wrong_token(stage: Stage) -> None:
    headers = {"authorization": "Bearer wrong"}
    answer = urllib3.request("POST", stage.source.url, body=b"{}", headers=headers, retries=False)

    assert (answer.status, answer.json()["status"]) == (401, 401)


def test_steps_that_cross_meet_and_people_are_asked(stage: Stage) -> None:
    """One pipeline with a crossing, a loop, a wait, a choice, another pipeline, an event of our own and an approval."""
    client = stage.local.client
    client.pipelines.create(id="inner", definition=INNER)
    client.pipelines.create(id="steered", definition=STEERED)
    client.pipelines.create(id="woken", definition=hello("woken"))
    client.event_triggers.create(pipeline_id="steered", event_type="steer.it")
    client.event_triggers.create(pipeline_id="woken", event_type="steer.over")
    source = client.sources.create("steering", kind="platform")
    until_watched()
    (started,) = send(source.url, source.secret, "s1", event_type="steer.it")["executions"]
    question = waited(client.approvals.list)[0]
    assert (question.step, question.message) == ("ask", "2 and b a?")
    client.approvals.approve(question.id, by="me", comment="go")
    execution = client.executions.wait(started, interval=0.3)

    assert execution.status == "succeeded", execution
    statuses = {step.id: step.status for step in execution.steps}
    assert statuses.pop("unchosen") == "skipped"
    assert set(statuses.values()) == {"succeeded"}, execution
    assert execution.step("c").output["message"] == "b a"
    assert execution.step("inside").output["outputs"] == {"twice": "xx"}
    assert execution.step("asked").output["message"] == "me: go"
    (woken,) = execution.step("emit").output["executions"]
    assert client.executions.wait(woken, interval=0.3).status == "succeeded"


@pytest.mark.parametrize("ends_by", ["a sibling that fails", "a stop"])
def test_a_job_that_nobody_waits_for_any_more_is_killed(stage: Stage, ends_by: str) -> None:
    """Its download never ends. `fail_fast`, or a stop, ends the job in the middle of it, and so the wait at a latch."""
    client = stage.local.client
    pool = "dropped" if ends_by == "a stop" else "failed"
    definition: dict[str, Any] = {
        "settings": {"fail_fast": True},
        "steps": [
            {
                "id": "job",
                "action": "model_evaluate",
                "params": {"model_uri": "s3://slow/model", "dataset_uri": "s3://slow/data"},
                "compute": {"pool": pool},
            },
            {"id": "pause", "action": "wait_until", "params": {"duration_seconds": 5}},
            {"id": "bad", "action": "fail", "depends_on": ["pause"]},
            {"id": "behind", "action": "log", "depends_on": ["job", "pause"], "params": {"message": "x"}},
            {"id": "beside", "action": "log", "depends_on": ["pause"], "params": {"message": "x"}},
        ],
    }
    if ends_by == "a stop":
        definition["steps"] = [step for step in definition["steps"] if step["id"] != "bad"]
    client.pipelines.create(id=pool, definition=definition)
    client.event_triggers.create(pipeline_id=pool, event_type=f"steer.{pool}")
    source = client.sources.create(pool, kind="platform")
    with _silent_server() as endpoint:
        log = _worker(stage, pool, {"slow": {"endpoint": endpoint}})
        until_watched()
        (started,) = send(source.url, source.secret, "1", event_type=f"steer.{pool}")["executions"]
        waited(lambda: "started model_evaluate" in log.read_text())
        if ends_by == "a stop":
            waited(lambda: client.executions.get(started).step("beside").status == "succeeded")
            arn = client.executions.get(started).arn
            stage.local.account.client("stepfunctions").stop_execution(executionArn=arn)
        execution = client.executions.wait(started, interval=0.3)
        waited(lambda: "dropped model_evaluate" in log.read_text())

    statuses = {step.id: step.status for step in execution.steps}
    assert execution.status == ("aborted" if ends_by == "a stop" else "failed")
    assert (statuses["job"], statuses["behind"]) == ("aborted", "skipped")


@contextmanager
def _silent_server() -> Iterator[str]:
    """A store that accepts requests and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def _worker(stage: Stage, pool: str, buckets: dict[str, Any]) -> Path:
    """A worker of its own pool. Returns its log."""
    activity = stage.local.stage.activity_arn.removesuffix("default") + pool
    environment = os.environ | stage.local.emulator.credentials() | {"AFTERTRAIN_BUCKETS": json.dumps(buckets)}
    command = [str(Path(sys.executable).parent / "aftertrain"), "worker", "--activity", activity]
    stage.local.processes.start(f"worker-{pool}", command, environment)
    return stage.local.processes.log(f"worker-{pool}")


INNER = {
    "parameters": [{"name": "text"}],
    "steps": [{"id": "s", "action": "set_output", "params": {"outputs": {"v": "{{ params.text ~ params.text }}"}}}],
    "outputs": {"twice": "{{ steps.s.output.v }}"},
}
STEERED = """
steps:
  - {id: a, action: log, params: {message: a}}
  - {id: b, action: log, params: {message: b}}
  - {id: c, action: log, params: {message: "{{ steps.b.output.message }} {{ steps.a.output.message }}"}}
  - {id: d, action: log, depends_on: [b], params: {message: d}}
  - {id: each, action: log, depends_on: [d], foreach: {items: ["1", "2"]}, params: {message: "{{ item }}"}}
  - {id: pause, action: wait_until, depends_on: [d], params: {duration_seconds: 1}}
  - id: route
    action: conditional
    params:
      branches:
        - {id: x, condition: "1 > 2", target_step: unchosen}
        - {id: y, condition: "2 > 1", target_step: ask}
  - {id: unchosen, action: fail}
  - id: ask
    action: approval
    depends_on: [pause]
    params: {message: "{{ steps.each.output | length }} and {{ steps.c.output.message }}?"}
  - {id: inside, action: pipeline_run, params: {pipeline: inner, params: {text: x}}}
  - {id: asked, action: log, params: {message: "{{ steps.ask.output.by }}: {{ steps.ask.output.comment }}"}}
  - {id: emit, action: event_emit, depends_on: [asked, inside], params: {event_type: steer.over, data: {name: n}}}
"""


def test_a_disabled_trigger_starts_nothing_and_an_enabled_one_starts_the_version_of_its_time(stage: Stage) -> None:
    client = stage.local.client
    client.pipelines.create(id="hello", definition=hello("one"))
    trigger = client.event_triggers.create(pipeline_id="hello", event_type="model.*", enabled=False)
    source = client.sources.create("registry", kind="platform")
    until_watched()
    assert send(source.url, source.secret, "e0")["matched"] == 0
    client.event_triggers.enable(trigger.id)
    until_watched()
    (first,) = send(source.url, source.secret, "e1")["executions"]
    client.pipelines.update("hello", definition=hello("two"))
    until_watched()
    (second,) = send(source.url, source.secret, "e2")["executions"]
    finished = [client.executions.wait(execution, interval=0.2) for execution in (first, second)]

    assert [(each.version, each.step("a").output["message"]) for each in finished] == [(1, "one n"), (2, "two n")]


def test_a_replica_that_fails_rolls_the_others_back(stage: Stage) -> None:
    before = predict(stage.local.fleet[0]["url"], stage.landed.checkpoint.holdout, 0)
    dead = {
        "url": "http://127.0.0.1:9",
        "repository": f"s3://{stage.local.stage.artifacts_bucket}/clusters/{CLUSTER}/dead",
    }
    client = stage.local.client
    client.pipelines.create(id="alert", definition=(ROOT / "pipelines/deployment-failure-alerts.yaml").read_text())
    client.event_triggers.create(pipeline_id="alert", event_type="deployment.failed")
    until_watched()
    client.clusters.register(CLUSTER, replicas=[stage.local.fleet[0], dead])
    later = changed(stage.landed.request, eventTime="2026-12-01T00:00:00.000Z")
    (execution_id,) = deliver(later, stage.source.url, stage.token).answer["executions"]
    execution = stage.local.client.executions.wait(execution_id, interval=0.3)

    assert execution.status == "failed"
    assert [step.status for step in execution.steps] == ["succeeded", "succeeded", "failed", "skipped"]
    assert "rolled_back" in (execution.step("deploy").cause or "")
    assert predict(stage.local.fleet[0]["url"], stage.landed.checkpoint.holdout, 0) == before
    (alert,) = waited(lambda: client.executions.list("alert"))
    alert = client.executions.wait(alert.id, interval=0.2)
    assert {step.status for step in alert.steps} == {"succeeded"}
    told = event_of(stage, alert)
    assert (told["deployment_name"], told["status"]) == (DEPLOYMENT, "rolled_back")
    (deployment,) = stage.local.client.clusters.get(CLUSTER).deployments
    assert (deployment["id"], deployment["status"]) == (DEPLOYMENT, "rolled_back")


def test_a_model_waits_for_its_cluster_and_is_deployed_when_that_is_ready(stage: Stage) -> None:
    client, lambda_ = stage.local.client, stage.local.account.client("lambda")
    for name in ("auto-deploy-new-models", "deploy-waiting-models"):
        client.pipelines.create(id=name, definition=(ROOT / f"pipelines/{name}.yaml").read_text())
    client.event_triggers.create(pipeline_id="auto-deploy-new-models", event_type="model.added", filter=ASKS)
    client.event_triggers.create(pipeline_id="deploy-waiting-models", event_type="cluster.ready")
    registry = client.sources.create("models", kind="platform")
    until_watched()
    client.clusters.register("cluster_prod", replicas=[stage.local.fleet[0] | {"url": "http://127.0.0.1:9"}])
    (release,) = (each for each in client.executions.list(PIPELINE) if each.status == "succeeded")
    uri = client.executions.get(release.id).step("convert").output["model_uri"]
    data = {"model_id": "m1", "model_name": "digits", "model_uri": uri, **ASKS}
    send(registry.url, registry.secret, "waiting", event_type="model.added", **data)
    (added,) = waited(lambda: client.executions.list("auto-deploy-new-models"))
    execution = client.executions.wait(added.id, interval=0.3)

    statuses = {step.id: step.status for step in execution.steps}
    assert statuses == {"health_check": "succeeded", "deploy": "skipped", "wait": "succeeded", "notify": "skipped"}
    (deployment,) = client.clusters.get("cluster_prod").deployments
    assert (deployment["id"], deployment["status"]) == ("digits-auto", "pending")

    client.clusters.register("cluster_prod", replicas=[stage.local.fleet[0]])
    names = (each["FunctionName"] for each in lambda_.list_functions()["Functions"])
    (tasks,) = (name for name in names if "TasksFunction" in name)
    answer = lambda_.invoke(FunctionName=tasks, Payload=json.dumps({"look_at": "clusters"}))
    assert json.loads(answer["Payload"].read())["health"]["cluster_prod"] == "healthy"
    (ready,) = waited(lambda: client.executions.list("deploy-waiting-models"))
    ready = client.executions.wait(ready.id, interval=0.3)

    assert {step.status for step in ready.steps} == {"succeeded"}, ready
    (deployment,) = client.clusters.get("cluster_prod").deployments
    assert (deployment["status"], deployment["model_uri"]) == ("healthy", uri)


def test_an_event_that_a_crash_left_behind_is_finished_by_sweeper_and_queue(stage: Stage) -> None:
    pipeline = stage.local.client.pipelines.get("hello")
    version = PipelineVersion("hello", pipeline.version, pipeline.machine_arn)
    event = Event("model.added", "lost", "registry", "2026-01-01T00:00:00Z", "", {"name": "found"})
    start = Start("left-behind-1", "t", version, {})
    record = EventRecord(EventKey("registry", "lost"), event, 1_000_000.0, (), (start,), done=False)
    dynamodb = stage.local.account.client("dynamodb")
    (table,) = (name for name in dynamodb.list_tables()["TableNames"] if "Ledger" in name)
    dynamodb.put_item(TableName=table, Item=to_item(record))
    lambda_ = stage.local.account.client("lambda")
    (sweep,) = (
        each["FunctionName"] for each in lambda_.list_functions()["Functions"] if "Sweep" in each["FunctionName"]
    )
    lambda_.invoke(FunctionName=sweep)  # the stage's own clock may have been faster by a moment
    execution = stage.local.client.executions.wait("left-behind-1", interval=0.2)

    assert execution.step("a").output["message"] == "two found"
    assert stage.local.client.events.get("registry", "lost").status == "done"
