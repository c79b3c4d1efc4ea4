"""The API through the SDK and the real handler: its effects, and its errors."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from unittest import mock

import pytest
from tests.api import InProcess, execution

from aftertrain.client import Client, InvalidRequestError
from aftertrain.client.errors import ApiError
from aftertrain.control.ports import ControlPorts
from aftertrain.ingest.snapshot import read_snapshot
from aftertrain.lambdas import control
from aftertrain.model.source import secret_hash

HELLO = {"steps": [{"id": "hi", "action": "log", "params": {"message": "{{ event.name }}"}}]}
NEEDY = HELLO | {"parameters": [{"name": "level", "type": "integer"}]}


def watched(ports: ControlPorts) -> list[dict[str, Any]]:
    """The triggers that a webhook would see now."""
    return [watch.trigger.item() for watch in read_snapshot(1, ports.registry.snapshot().item).compiled_triggers]


def test_every_create_and_update_publishes_a_version(client: Client) -> None:
    first = client.pipelines.create(name="Say Hello", definition=HELLO)
    second = client.pipelines.update("say-hello", definition=HELLO)

    assert (first.id, first.version, first.machine_arn[-2:]) == ("say-hello", 1, ":1")
    assert (second.version, second.machine_arn[-2:]) == (2, ":2")
    assert [each.version for each in client.pipelines.versions("say-hello")] == [1, 2]
    assert client.pipelines.get("say-hello") == second
    assert client.pipelines.list() == [second]


def test_a_definition_may_be_text_and_mistakes_come_with_line_and_column(client: Client) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        client.pipelines.create(definition="steps:\n- {id: a, action: lgo}\n- {id: b, acton: log}\n")

    assert caught.value.status == 422
    assert [(each["code"], each["line"], each["column"]) for each in caught.value.diagnostics] == [
        ("AT203", 2, 19),
        ("AT102", 3, 3),
        ("AT103", 3, 11),
    ]


def test_an_unknown_action_is_an_error_at_registration(client: Client) -> None:
    with pytest.raises(InvalidRequestError, match="there is no action 'teleport'"):
        client.pipelines.create(name="x", definition={"steps": [{"id": "a", "action": "teleport"}]})


def test_an_id_is_taken_once(client: Client) -> None:
    client.pipelines.create(name="x", definition=HELLO)
    with pytest.raises(InvalidRequestError) as caught:
        client.pipelines.create(name="x", definition=HELLO)

    assert caught.value.status == 409


def test_a_trigger_is_watched_as_long_as_it_is_enabled(client: Client, ports: ControlPorts) -> None:
    client.pipelines.create(id="p", definition=HELLO)
    trigger = client.event_triggers.create(pipeline_id="p", event_type="model.*", filter={"a": 1})
    assert [each["id"] for each in watched(ports)] == [trigger.id]
    assert not client.event_triggers.disable(trigger_id=trigger.id).enabled
    assert watched(ports) == []
    assert client.event_triggers.enable(trigger.id).enabled
    assert [each["id"] for each in watched(ports)] == [trigger.id]
    client.event_triggers.delete(trigger.id)
    assert watched(ports) == []
    assert client.event_triggers.list() == []


def test_an_update_moves_triggers_to_the_new_version(client: Client, ports: ControlPorts) -> None:
    client.pipelines.create(id="p", definition=HELLO)
    client.pipelines.create(id="q", definition=HELLO)
    for pipeline_id in ("p", "q"):
        client.event_triggers.create(id=f"t-{pipeline_id}", pipeline_id=pipeline_id, event_type="model.added")
    client.pipelines.update("p", definition=HELLO)

    assert [each["pipeline"]["version"] for each in watched(ports)] == [2, 1]


def test_an_update_of_a_trigger_changes_what_is_given_and_keeps_the_rest(client: Client) -> None:
    client.pipelines.create(id="p", definition=HELLO)
    client.event_triggers.create(id="t", pipeline_id="p", event_type="model.added", filter={"a": 1}, where='key = "x"')
    changed = client.event_triggers.update("t", filter={"b": True})
    assert (changed.filter, changed.where, changed.event_type) == ({"b": True}, 'key = "x"', "model.added")
    assert client.event_triggers.update("t", where=None).where is None
    assert client.event_triggers.get("t").filter == {"b": True}


def test_triggers_are_listed_by_pipeline(client: Client) -> None:
    for pipeline_id in ("p", "q"):
        client.pipelines.create(id=pipeline_id, definition=HELLO)
        client.event_triggers.create(pipeline_id=pipeline_id, event_type="model.added")

    assert [each.pipeline_id for each in client.event_triggers.list(pipeline_id="q")] == ["q"]
    assert len(client.event_triggers.list()) == 2


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({"where": "`key` LIKE 3"}, "line 1, column 7"),
        ({"filter": {"a": [{"prefx": "x"}]}}, "unknown operator 'prefx'"),
        ({"pipeline_id": "nowhere"}, "there is no pipeline 'nowhere'"),
        ({"params": {"levle": 1}}, "did you mean 'level'"),
        ({"params": {}}, "needs the parameter 'level'"),
        ({"params": {"level": "high"}}, "must be of type integer"),
        ({"params": {"level": True}}, "must be of type integer"),
        ({"event_type": "Model Added"}, "event_type"),
        ({"event_type": "model"}, "event_type"),
        ({"event_type": "model.*.added"}, "event_type"),
        ({"params": {"level": 1, "blob": "x" * 20_000}}, "more than 16384 bytes"),
    ],
)
def test_a_trigger_that_could_never_work_is_refused(client: Client, body: dict[str, Any], why: str) -> None:
    client.pipelines.create(id="p", definition=NEEDY)
    with pytest.raises(InvalidRequestError, match=why):
        client.event_triggers.create(**{"pipeline_id": "p", "event_type": "model.added", "params": {"level": 1}} | body)


def test_a_version_that_a_trigger_could_not_start_is_refused(client: Client) -> None:
    client.pipelines.create(id="p", definition=HELLO)
    client.event_triggers.create(id="t", pipeline_id="p", event_type="model.added")
    with pytest.raises(InvalidRequestError, match="trigger 't': the pipeline needs the parameter 'level'"):
        client.pipelines.update("p", definition=NEEDY)

    assert client.pipelines.get("p").version == 1


def test_nobodys_change_is_lost_when_two_change_at_once(client: Client, ports: ControlPorts) -> None:
    client.pipelines.create(id="p", definition=HELLO)
    ports.registry.stale = 2
    client.event_triggers.create(id="t", pipeline_id="p", event_type="model.added")

    assert client.event_triggers.get("t").enabled


def test_a_secret_is_shown_once_and_kept_as_a_hash(client: Client, ports: ControlPorts) -> None:
    source = client.sources.create("bucket", kind="tigris")

    assert (source.secret, source.url) == ("s3cret", "https://hooks.example/events/bucket")
    assert client.sources.get("bucket").secret is None
    assert client.sources.list()[0].secret is None
    assert "s3cret" not in repr(ports.registry)
    assert "s3cret" not in repr(source)


def test_a_source_without_authentication_has_to_be_asked_for(client: Client) -> None:
    assert client.sources.create("closed", kind="platform").auth == "bearer"
    assert client.sources.create("open", kind="platform", auth="none").secret is None


def test_a_deleted_source_is_forgotten(client: Client, ports: ControlPorts) -> None:
    client.sources.create("bucket", kind="tigris")
    client.sources.delete("bucket")

    assert ports.registry.snapshot().item["sources"] == []
    with pytest.raises(InvalidRequestError, match="there is no source 'bucket'"):
        client.sources.get("bucket")


def test_a_rotated_secret_has_two_lives_until_it_is_finished(client: Client, ports: ControlPorts) -> None:
    tokens = iter(["first-secret", "second-secret"])
    with mock.patch.object(control.runtime, "ports", return_value=replace(ports, token=lambda: next(tokens))):
        first = client.sources.create("models", kind="github")
        second = client.sources.rotate("models")

    def secrets() -> list[str]:
        (source,) = ports.registry.snapshot().item["sources"]
        return source["secrets"]

    assert (first.secret, second.secret) == ("first-secret", "second-secret")
    assert secrets() == ["second-secret", "first-secret"]
    assert client.sources.rotate("models", finish=True).secret is None
    assert secrets() == ["second-secret"]
    assert "second-secret" not in client.sources.get("models").model_dump_json()


def test_a_senders_own_secret_is_taken(client: Client, ports: ControlPorts) -> None:
    client.sources.create("hub", kind="hugging_face", secret="made-by-the-sender")
    (source,) = ports.registry.snapshot().item["sources"]

    assert source["secret_hashes"] == [secret_hash(b"made-by-the-sender")]


@pytest.mark.parametrize(("kind", "auth"), [("github", "bearer"), ("tigris", "signature"), ("hugging_face", "none")])
def test_a_sender_proves_itself_in_its_own_way(client: Client, kind: str, auth: str) -> None:
    with pytest.raises(InvalidRequestError, match=f"a source of kind {kind} supports auth"):
        client.sources.create("s", kind=kind, auth=auth)


def test_an_open_source_has_nothing_to_rotate(client: Client) -> None:
    client.sources.create("open", kind="platform", auth="none")
    with pytest.raises(InvalidRequestError, match="has no secret"):
        client.sources.rotate("open")


def test_clusters_are_registered_and_replaced(client: Client) -> None:
    replica = {"url": "http://10.0.0.1:8080", "repository": "s3://artifacts/clusters/c/0"}
    client.clusters.register("c", replicas=[replica])
    client.clusters.register("c", replicas=[replica, replica])

    assert len(client.clusters.get("c").replicas) == 2
    assert [each.id for each in client.clusters.list()] == ["c"]
    client.clusters.delete("c")
    assert client.clusters.list() == []


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "why"),
    [
        ("POST", "/v1/pipelines", {"definition": HELLO, "nam": "x"}, 422, "nam"),
        ("POST", "/v1/pipelines", {}, 422, "definition"),
        ("POST", "/v1/pipelines", "{not json", 422, "JSON"),
        ("POST", "/v1/sources", {"id": "Not An Id", "kind": "tigris"}, 422, "id"),
        ("POST", "/v1/sources", {"id": "a#b", "kind": "tigris"}, 422, "id"),
        ("PUT", "/v1/clusters/c", {"replicas": []}, 422, "replicas"),
        (
            "PUT",
            "/v1/clusters/Other",
            {"replicas": [{"url": "http://a", "repository": "s3://b/c"}]},
            422,
            "is not a valid id",
        ),
        ("GET", "/v1/nothing", None, 404, "openapi.json"),
        ("GET", "/v1/pipelines/none", None, 404, "there is no pipeline 'none'"),
        ("GET", "/v1/executions/none", None, 404, "there is no execution 'none'"),
    ],
)
def test_a_bad_request_gets_a_problem(client: Client, method: str, path: str, body: Any, status: int, why: str) -> None:
    with pytest.raises(ApiError, match=why) as caught:
        InProcess().call(method, path, body=body)

    assert caught.value.status == status


def test_a_fault_of_ours_tells_nothing(client: Client, ports: ControlPorts) -> None:
    ports.registry.entries = None
    with pytest.raises(ApiError) as caught:
        client.pipelines.list()

    assert (caught.value.status, caught.value.message) == (500, "the call could not be handled; the log has the reason")


def test_the_openapi_document_lists_every_route(client: Client) -> None:
    document = InProcess().call("GET", "/v1/openapi.json")

    assert document["openapi"].startswith("3.")
    assert {"/v1/pipelines", "/v1/event-triggers", "/v1/sources", "/v1/clusters/{cluster_id}", "/v1/executions"} <= set(
        document["paths"]
    )


@pytest.mark.parametrize("event_id", ["none", "a/b", "a#b?c", "🚀"])
def test_an_event_may_have_any_id(client: Client, ports: ControlPorts, event_id: str) -> None:
    with pytest.raises(InvalidRequestError, match="the source 'bucket' has sent no event"):
        client.events.get("bucket", event_id)
    known = {"event_type": "x.y", "event_id": event_id, "source_id": "bucket", "status": "done", "data": {}} | {
        "source": "s",
        "timestamp": "t",
        "subject": "",
    }
    ports.runs.known_events[("bucket", event_id)] = known | {"verdicts": [], "executions": []}

    assert client.events.get("bucket", event_id).event_id == event_id


@pytest.mark.parametrize("field", ["event_type", "params", "enabled"])
def test_what_a_trigger_cannot_be_without_cannot_be_taken_away(client: Client, ports: ControlPorts, field: str) -> None:
    client.pipelines.create(id="p", definition=HELLO)
    client.event_triggers.create(id="t", pipeline_id="p", event_type="model.added")
    before = client.event_triggers.get("t")
    with pytest.raises(InvalidRequestError, match=f"{field} cannot be null"):
        client.event_triggers.update("t", **{field: None})

    assert client.event_triggers.get("t") == before
    assert len(watched(ports)) == 1


def test_a_version_is_not_published_for_a_trigger_that_was_made_meanwhile(client: Client, ports: ControlPorts) -> None:
    """The update reads triggers and then publishes. A trigger that appears in between must be checked too."""
    client.pipelines.create(id="p", definition=HELLO)
    publish = ports.machines.publish

    def slow(pipeline_id: str, asl: str) -> str:
        ports.machines.publish = publish
        client.event_triggers.create(id="t", pipeline_id="p", event_type="model.added")
        return publish(pipeline_id, asl)

    ports.machines.publish = slow
    with pytest.raises(InvalidRequestError, match="trigger 't': the pipeline needs the parameter 'level'"):
        client.pipelines.update("p", definition=NEEDY)

    assert [each["pipeline"]["version"] for each in watched(ports)] == [1]


def test_an_execution_whose_last_status_change_was_lost_is_settled_by_a_look(
    client: Client, ports: ControlPorts
) -> None:
    client.pipelines.create(id="p", definition=HELLO)
    ports.runs.update(execution("running"))
    failed = {"executionFailedEventDetails": {"error": "StepFailed", "cause": "why"}}
    end = {"id": 1, "type": "ExecutionFailed", "timestamp": datetime(2026, 1, 2, tzinfo=UTC)} | failed
    ports.machines.events = [end]
    found = client.executions.wait("t-1")

    assert (found.status, found.error, found.stopped_at) == ("failed", "StepFailed", "2026-01-02T00:00:00+00:00")
    assert client.executions.list()[0].status == "failed"


def test_executions_are_listed_by_status_and_behind_a_page(client: Client, ports: ControlPorts) -> None:
    for day, status in ((3, "running"), (2, "failed"), (1, "running")):
        at = f"2026-01-0{day}T00:00:00+00:00"
        ports.runs.update(execution(status) | {"id": f"t-{day}", "started_at": at})
    (found,) = client.executions.list(status="failed")
    before = datetime.fromisoformat(found.started_at).timestamp()

    assert [each.id for each in client.executions.list("p", before=before, limit=2)] == ["t-2", "t-1"]
    assert [each.id for each in client.executions.all()] == ["t-3", "t-2", "t-1"]
    with pytest.raises(InvalidRequestError, match="status"):
        client.executions.list(status="gone")
    with pytest.raises(InvalidRequestError, match="before"):
        client.executions.list(before=1e20)


@pytest.mark.parametrize(
    "value", ["!!timestamp 2026-01-01", "!!binary aGk=", "1e999", '"\\ud800"', "[" * 60 + "]" * 60]
)
def test_what_no_json_can_hold_is_a_mistake_with_a_place(client: Client, value: str) -> None:
    text = f"steps:\n- id: a\n  action: log\n  params:\n    message: {value}\n"
    with pytest.raises(InvalidRequestError) as caught:
        client.pipelines.create(definition=text)

    assert caught.value.status == 422
    assert {each["line"] for each in caught.value.diagnostics} == {5}
