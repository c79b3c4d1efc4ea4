"""The tasks, through the dispatcher that the Lambda calls."""

from dataclasses import replace
from typing import Any

import pytest
from tests.fakes import FakeCalls, FakeChannel, FakeDeployments, tasks_ports

from aftertrain.actions.catalogue import ACTIONS
from aftertrain.compiler.event_types import fields_of
from aftertrain.errors import BusyError, OperatorError
from aftertrain.fleets.fleet import ReplicaError
from aftertrain.model.names import digest
from aftertrain.tasks.ports import DeploymentFailedError, TaskError, TaskPorts
from aftertrain.tasks.run import TASKS, run

REPLICAS = [{"url": f"http://r{number}/", "repository": f"s3://artifacts/clusters/c/{number}"} for number in range(2)]
METADATA = {"inputs": []}
VERSION = digest("s3://artifacts/model.onnx")[:12]


def call(action: str, ports: TaskPorts, execution: str = "e1", **params: Any) -> dict[str, Any]:
    payload = {"action": action, "step": "s", "execution": execution, "params": params}
    return run(payload, lambda: 1000.0, ports)


def cluster_ports(**answers: Any) -> TaskPorts:
    """A cluster of two replicas that answer well, except for the given paths."""
    good = {"infer": {"model_version": VERSION, "outputs": [{"data": [1.0]}]}, "models/digits": METADATA}
    deployments = FakeDeployments({"c": {"id": "c", "kind": "oip", "replicas": REPLICAS}})
    return tasks_ports(deployments=deployments, calls=FakeCalls({**answers, **good}))


def deploy(ports: TaskPorts, execution: str = "e1", uri: str | None = "s3://artifacts/model.onnx") -> dict[str, Any]:
    return call("deployment_create", ports, execution, cluster_id="c", deployment_name="digits", model_uri=uri)


def test_every_task_has_a_run_time_face() -> None:
    assert set(TASKS) == {action.name for action in ACTIONS.values() if action.runs not in ("job", "pipeline")}


def test_log_writes_the_line_with_execution_and_step() -> None:
    lines: list[Any] = []
    ports = tasks_ports(log=lambda *line: lines.append(line))

    assert call("log", ports, message="hi", level="error") == {"logged": True, "message": "hi", "level": "error"}
    assert lines == [("error", "hi", {"execution": "e1", "step": "s"})]


def test_a_notification_goes_to_its_channel() -> None:
    slack, anything = FakeChannel(), FakeChannel(kind="log")
    ports = tasks_ports(channels={"slack": slack, "*": anything})

    assert call("notification", ports, message="m", channel="slack")["notification_id"] == "message-1"
    assert call("notification", ports, message="m")["kind"] == "log"
    assert (len(slack.sent), anything.sent[0]["channel"]) == (1, "default")


def test_a_notification_that_cannot_be_delivered_fails_nothing_unless_it_has_to_arrive() -> None:
    class Silent(FakeChannel):
        def send(self, message: dict[str, Any]) -> str:
            raise OperatorError("slack answered with 500")

    lines: list[Any] = []
    ports = tasks_ports(channels={"default": Silent()}, log=lambda *line: lines.append(line))
    output = call("notification", ports, message="m")

    assert (output["sent"], output["problem"]) == (False, "slack answered with 500")
    assert lines[0][0] == "error"
    with pytest.raises(OperatorError, match="slack answered with 500"):
        call("notification", ports, message="m", must_arrive=True)


def test_a_channel_that_the_stage_does_not_have_is_an_error_that_lists_them() -> None:
    with pytest.raises(TaskError, match="no channel 'slack'; it has oncall"):
        call("notification", tasks_ports(channels={"oncall": FakeChannel()}), message="m", channel="slack")


@pytest.mark.parametrize(
    ("answers", "status", "ready"),
    [
        ({}, "healthy", 2),
        ({"r0/v2/health/ready": ReplicaError("no answer")}, "degraded", 1),
        ({"v2/health/ready": ReplicaError("no answer")}, "unhealthy", 0),
    ],
)
def test_cluster_health_counts_who_is_ready(answers: dict[str, Any], status: str, ready: int) -> None:
    health = call("cluster_health", cluster_ports(**answers), cluster_id="c")

    assert (health["status"], health["ready_count"], health["node_count"]) == (status, ready, 2)
    assert (health["healthy"], len(health["issues"])) == (status == "healthy", 2 - ready)


def test_an_unknown_cluster_is_named() -> None:
    with pytest.raises(TaskError, match="there is no cluster 'x'"):
        call("cluster_health", tasks_ports(), cluster_id="x")


def test_a_deployment_reaches_every_replica_and_is_recorded() -> None:
    ports = cluster_ports()
    output = deploy(ports)

    assert (output["status"], output["replicas"], output["version"]) == ("healthy", 2, VERSION)
    assert output["previous_version"] is None
    assert output["endpoint_urls"][0] == "http://r0/v2/models/digits/infer"
    stored = ports.deployments.get("c", "digits")
    assert stored is not None
    assert (stored.record["status"], stored.record["execution"]) == ("healthy", "e1")


def test_a_retry_of_the_same_step_does_nothing_twice() -> None:
    ports = cluster_ports()
    first = deploy(ports)
    calls = len(ports.calls.made)

    assert deploy(ports) == first
    assert len(ports.calls.made) == calls


def test_the_next_deployment_knows_the_one_before() -> None:
    ports = cluster_ports()
    deploy(ports)

    assert deploy(ports, "e2")["previous_version"] == VERSION


def test_a_replica_that_fails_fails_the_step_and_says_what_was_rolled_back() -> None:
    ports = cluster_ports(**{"r1/v2/repository/models/digits/load": ReplicaError("r1 is out of memory")})
    with pytest.raises(DeploymentFailedError, match="'digits' on 'c' is rolled_back: r1 is out of memory"):
        deploy(ports)

    assert ports.objects.objects == {}


def test_a_retry_after_a_roll_back_tries_again() -> None:
    failures: list[Any] = [ReplicaError("r1 is out of memory"), {}]
    ports = cluster_ports(**{"r1/v2/repository/models/digits/load": failures})
    with pytest.raises(DeploymentFailedError):
        deploy(ports)

    assert deploy(ports)["status"] == "healthy"


def test_a_retry_after_a_failed_roll_back_goes_on_rolling_back() -> None:
    """Replicas that were not restored yet get the release from before the first attempt, not the failed one."""
    ports = cluster_ports()
    deploy(ports)
    served = dict(ports.objects.objects)
    ports.calls.answers = {
        "r1/v2/repository/models/digits/load": ReplicaError("r1 is out of memory"),
        **ports.calls.answers,
        "infer": {"model_version": digest("s3://artifacts/new.onnx")[:12], "outputs": [{"data": [1.0]}]},
    }
    with pytest.raises(DeploymentFailedError, match="is failed: r1 is out of memory; and then"):
        deploy(ports, "e2", "s3://artifacts/new.onnx")
    ports.calls.answers["r1/v2/repository/models/digits/load"] = {}
    with pytest.raises(DeploymentFailedError, match="is rolled_back"):
        deploy(ports, "e2", "s3://artifacts/new.onnx")

    assert ports.objects.objects == served


def test_a_fleet_that_changes_during_its_roll_out_is_not_guessed_at() -> None:
    ports = cluster_ports()
    deploy(ports)
    stored = ports.deployments.get("c", "digits")
    assert stored is not None
    stored.record["rollout"]["status"] = "rolling"
    ports.deployments.known["c"]["replicas"] = REPLICAS[:1]
    with pytest.raises(TaskError, match="was changed during the roll-out"):
        deploy(ports)


def test_a_roll_out_of_somebody_else_is_not_mixed_in_unless_it_was_abandoned() -> None:
    ports = cluster_ports()
    deploy(ports)
    stored = ports.deployments.get("c", "digits")
    assert stored is not None
    stored.record["status"] = stored.record["rollout"]["status"] = "rolling"
    with pytest.raises(TaskError, match="is being rolled out by execution 'e1'"):
        deploy(ports, "e2")
    ports.clock.now += 3600
    assert deploy(ports, "e2")["status"] == "healthy"


def test_replicas_that_load_from_a_place_need_one() -> None:
    with pytest.raises(TaskError, match="model_uri is missing"):
        deploy(cluster_ports(), uri=None)


@pytest.mark.parametrize(
    ("action", "params", "why"),
    [
        ("log", {}, "message: Field required"),
        ("log", {"message": {"a": 1}}, "message: Input should be a valid string"),
        ("deployment_create", {"cluster_id": "c", "deployment_name": "a b"}, "deployment_name"),
        ("notification", {"message": "m", "recipients": "me"}, "recipients"),
    ],
)
def test_params_are_checked_once_more_when_their_values_are_known(
    action: str, params: dict[str, Any], why: str
) -> None:
    with pytest.raises(TaskError, match=f"step 's': {why}"):
        call(action, tasks_ports(), **params)


def told(ports: TaskPorts) -> tuple[TaskPorts, list[Any]]:
    events: list[Any] = []
    return replace(ports, emit=lambda event: events.append(event) or []), events


def test_a_deployment_is_an_event_for_the_triggers_of_the_stage() -> None:
    ports, events = told(cluster_ports())
    deploy(ports)
    deploy(ports)  # a retry that finds it done tells of the same event again

    assert {(event.type, event.id) for event in events} == {("deployment.created", events[0].id)}
    assert (events[0].subject, events[0].depth) == ("digits", 1)
    assert (events[0].data["cluster_id"], events[0].data["version"], events[0].data["status"]) == (
        "c",
        VERSION,
        "healthy",
    )
    assert fields_of(["deployment.created"], lambda _: None).keys() >= events[0].data.keys()


def test_a_deployment_that_fails_is_an_event_with_the_reason() -> None:
    ports, events = told(cluster_ports(**{"r1/v2/repository/models/digits/load": ReplicaError("r1 is gone")}))
    with pytest.raises(DeploymentFailedError):
        deploy(ports)
    (event,) = events

    assert (event.type, event.data["status"]) == ("deployment.failed", "rolled_back")
    assert "r1 is gone" in event.data["error_message"]


def test_a_failure_that_nobody_can_be_told_of_is_the_same_failure() -> None:
    def busy(event: Any) -> list[str]:
        raise BusyError(f"{event.id} is not recorded")

    lines: list[Any] = []
    ports = cluster_ports(**{"r1/v2/repository/models/digits/load": ReplicaError("r1 is gone")})
    ports = replace(ports, emit=busy, log=lambda *line: lines.append(line))
    with pytest.raises(DeploymentFailedError):
        deploy(ports)

    assert "deployment.failed of digits is not sent" in lines[0][1]


def test_a_chain_of_deployments_ends() -> None:
    ports, events = told(cluster_ports())
    params = {"cluster_id": "c", "deployment_name": "digits", "model_uri": "s3://artifacts/model.onnx"}
    payload = {"action": "deployment_create", "step": "s", "execution": "e1", "params": params, "depth": 8}

    assert run(payload, lambda: 1000.0, ports)["status"] == "healthy"
    assert events == []


def back(ports: TaskPorts, execution: str) -> dict[str, Any]:
    return call("deployment_rollback", ports, execution, cluster_id="c", deployment_name="digits")


def answering(ports: TaskPorts, uri: str) -> TaskPorts:
    """The same cluster, whose replicas answer like the release of an artefact."""
    version = digest(uri)[:12]
    good = {"infer": {"model_version": version, "outputs": [{"data": [1.0]}]}, "models/digits": METADATA}
    return replace(ports, calls=FakeCalls(good))


def test_a_rollback_goes_back_to_the_release_before_and_a_retry_stays_there() -> None:
    ports = cluster_ports()
    deploy(ports)
    newer = "s3://artifacts/newer.onnx"
    deploy(answering(ports, newer), "e2", newer)
    first, again = back(ports, "e3"), back(ports, "e3")

    assert (first["version"], first["previous_version"]) == (VERSION, digest(newer)[:12])
    assert again == first


def test_a_rollback_needs_something_to_go_back_to() -> None:
    ports = cluster_ports()
    with pytest.raises(TaskError, match="there is no deployment 'digits' on 'c'"):
        back(ports, "e1")
    deploy(ports)
    with pytest.raises(TaskError, match="'digits' has no previous release"):
        back(ports, "e2")
