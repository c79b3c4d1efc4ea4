"""Deployments on replicas: all requests, through the dispatcher that the Lambda calls."""

import contextlib
from typing import Any

import pytest
from tests.fakes import FakeCalls, FakeDeployments, tasks_ports

from aftertrain.fleets.fleet import ReplicaError
from aftertrain.tasks.deployments.deployment_record import version_of
from aftertrain.tasks.ports import DeploymentFailedError, TaskError, TaskPorts
from aftertrain.tasks.run import run

A, B = "s3://artifacts/a.onnx", "s3://artifacts/b.onnx"
PLACES = [f"s3://artifacts/clusters/c/{number}" for number in range(3)]
REPLICAS = [{"url": f"http://r{number}", "repository": place} for number, place in enumerate(PLACES)]


class Servers:
    """Inference servers that serve the loaded models. Those in `broken` fail to load."""

    def __init__(self, objects: dict[str, dict[str, Any]]) -> None:
        self.objects, self.broken, self.loaded = objects, set[str](), dict[str, str]()

    def call(self, method: str, url: str, body: Any = None, *, timeout: float) -> Any:
        replica = url.split("/v2/", maxsplit=1)[0]
        number = int(replica[-1])
        if url.endswith("/load"):
            if replica in self.broken:
                raise ReplicaError(f"{replica} is out of memory")
            self.loaded[replica] = self.objects[f"{PLACES[number]}/digits.json"]["version"]
        elif url.endswith("/unload"):
            self.loaded.pop(replica, None)
        elif replica not in self.loaded:
            raise ReplicaError(f"{replica} serves nothing")
        if url.endswith("/infer"):
            return {"model_version": self.loaded[replica], "outputs": [{"data": [1.0]}]}
        return {"inputs": []}


def stage(**given: Any) -> tuple[TaskPorts, Servers, list[Any]]:
    """A cluster of three replicas, and the log of events."""
    events: list[Any] = []

    def emit(event: Any) -> list[str]:
        events.append(event)
        return []

    deployments = FakeDeployments({"c": {"id": "c", "kind": "oip", "replicas": REPLICAS}})
    ports = tasks_ports(deployments=deployments, calls=FakeCalls({}), emit=emit, **given)
    servers = Servers(ports.objects.objects)
    return (
        tasks_ports(deployments=deployments, objects=ports.objects, calls=servers, emit=emit, **given),
        servers,
        events,
    )


def step(verb: str, ports: TaskPorts, execution: str, **params: Any) -> dict[str, Any]:
    given = {"cluster_id": "c", "deployment_name": "digits", **params}
    payload = {"action": f"deployment_{verb}", "step": "s", "execution": execution, "params": given, "token": "t"}
    return run(payload, lambda: 1000.0, ports)


def serving(servers: Servers) -> list[str | None]:
    versions = {version_of(A): "A", version_of(B): "B"}
    return [versions.get(servers.loaded.get(each["url"], "")) for each in REPLICAS]


def test_a_step_gets_its_answer_by_its_token() -> None:
    ports, _, _ = stage()
    output = step("create", ports, "e1", model_uri=A)

    assert ports.answers.told == [("t", output)]


def test_as_many_replicas_serve_as_are_asked_for() -> None:
    ports, servers, _ = stage()
    output = step("create", ports, "e1", model_uri=A, replicas=2)

    assert serving(servers) == ["A", "A", None]
    assert (output["replicas"], len(output["endpoint_urls"])) == (2, 2)


def test_an_update_leaves_their_number() -> None:
    ports, servers, events = stage()
    step("create", ports, "e1", model_uri=A, replicas=2)
    output = step("update", ports, "e2", model_uri=B)

    assert serving(servers) == ["B", "B", None]
    assert output["previous_version"] == version_of(A)
    assert [event.type for event in events] == ["deployment.created", "deployment.updated"]


def test_scaling_goes_both_ways_and_leaves_the_release() -> None:
    ports, servers, events = stage()
    step("create", ports, "e1", model_uri=A, replicas=1)
    step("scale", ports, "e2", replicas=3)
    assert serving(servers) == ["A", "A", "A"]
    output = step("scale", ports, "e3", replicas=2)

    assert serving(servers) == ["A", "A", None]
    assert (output["replicas"], output["version"]) == (2, version_of(A))
    assert [event.type for event in events[1:]] == ["deployment.updated"] * 2


def test_a_scaling_that_fails_leaves_as_many_as_there_were() -> None:
    ports, servers, _ = stage()
    step("create", ports, "e1", model_uri=A, replicas=1)
    servers.broken = {"http://r2"}
    with pytest.raises(DeploymentFailedError, match="is rolled_back: http://r2 is out of memory"):
        step("scale", ports, "e2", replicas=3)
    assert serving(servers) == ["A", None, None]
    servers.broken = set()

    assert step("update", ports, "e3", model_uri=B)["replicas"] == 1


def test_deleting_takes_it_off_every_replica() -> None:
    ports, servers, events = stage()
    step("create", ports, "e1", model_uri=A)
    output = step("delete", ports, "e2")

    assert serving(servers) == [None, None, None]
    assert (output["status"], output["replicas"], output["endpoint_urls"]) == ("deleted", 0, [])
    assert events[-1].type == "deployment.deleted"
    assert step("create", ports, "e3", model_uri=B)["previous_version"] is None
    assert [event.type for event in events[-2:]] == ["deployment.deleted", "deployment.created"]


def test_a_rollback_goes_back_and_forth() -> None:
    ports, servers, _ = stage()
    step("create", ports, "e1", model_uri=A)
    step("update", ports, "e2", model_uri=B)
    step("rollback", ports, "e3")
    assert serving(servers) == ["A", "A", "A"]
    step("rollback", ports, "e4")

    assert serving(servers) == ["B", "B", "B"]


@pytest.mark.parametrize("verb", ["update", "scale", "rollback", "delete"])
def test_what_is_not_there_cannot_be_changed(verb: str) -> None:
    ports, _, _ = stage()
    more = {"update": {"model_uri": A}, "scale": {"replicas": 2}}.get(verb, {})
    with pytest.raises(TaskError, match="there is no deployment 'digits' on 'c'"):
        step(verb, ports, "e1", **more)


@pytest.mark.parametrize(
    ("params", "why"),
    [
        ({"replicas": 4}, "4 replicas are requested, but cluster 'c' has 3"),
        ({"capacity": 3}, "capacity 3 of 3 replicas leaves none to change in batches of 1"),
        ({"batch_size": 2, "capacity": 2}, "capacity 2 of 3 replicas leaves none to change in batches of 2"),
    ],
)
def test_a_wish_that_does_not_fit_is_refused_before_anything_is_touched(params: dict[str, Any], why: str) -> None:
    ports, servers, _ = stage()
    with pytest.raises(TaskError, match=why):
        step("create", ports, "e1", model_uri=A, **params)
    assert servers.loaded == {}


def test_fewer_replicas_are_a_matter_of_scaling() -> None:
    ports, _, _ = stage()
    step("create", ports, "e1", model_uri=A, replicas=2)
    with pytest.raises(TaskError, match="'digits' serves on 2 replicas: use deployment_scale to reduce them"):
        step("create", ports, "e2", model_uri=A, replicas=1)


def test_an_alarm_takes_the_release_back() -> None:
    looks = iter([None, None, "alarm 'p99' is on: 900 ms"])
    ports, servers, events = stage()
    step("create", ports, "e1", model_uri=A)
    watched = tasks_ports(
        deployments=ports.deployments, objects=ports.objects, calls=servers, alarm=lambda names: next(looks, None),
        emit=ports.emit,
    )  # fmt: skip
    with pytest.raises(DeploymentFailedError, match="rolled_back: alarm 'p99' is on: 900 ms"):
        step("update", watched, "e2", model_uri=B, alarms=["p99"], bake_seconds=15)

    assert serving(servers) == ["A", "A", "A"]
    assert events[-1].type == "deployment.failed"


def test_a_model_waits_for_its_cluster_and_is_listed() -> None:
    ports, servers, events = stage()
    step("create", ports, "e1", model_uri=A)
    held = step("hold", ports, "e2", model_uri=B, model_id="m2")

    def listed(status: str | None) -> list[tuple[str, str]]:
        payload = {
            "action": "cluster_deployments", "step": "s", "execution": "e3",
            "params": {"cluster_id": "c", "status": status},
        }  # fmt: skip
        found = run(payload, lambda: 1000.0, ports)["deployments"]
        return [(each["deployment_name"], each["model_uri"]) for each in found]

    assert held["status"] == "pending"
    assert (listed("pending"), listed("healthy")) == ([("digits", B)], [])
    assert serving(servers) == ["A", "A", "A"]
    assert step("create", ports, "e4", model_uri=B)["previous_version"] == version_of(A)
    assert events[-1].type == "deployment.updated"
    assert listed("pending") == []
    step("delete", ports, "e5")
    assert (listed(None), listed("deleted")) == ([], [("digits", B)])


def test_a_cluster_that_changes_tells_of_it_once() -> None:
    ports, servers, events = stage()

    def health() -> str:
        payload = {"action": "cluster_health", "step": "s", "execution": "e", "params": {"cluster_id": "c"}}
        return str(run(payload, lambda: 1000.0, ports)["status"])

    assert (health(), health()) == ("unhealthy", "unhealthy")
    servers.loaded = dict.fromkeys([each["url"] for each in REPLICAS], "x")
    assert (health(), health()) == ("healthy", "healthy")
    del servers.loaded["http://r1"]
    assert (health(), health()) == ("degraded", "degraded")

    assert [(event.type, event.data["previous_status"]) for event in events] == [
        ("cluster.unhealthy", None),
        ("cluster.ready", "unhealthy"),
        ("cluster.unhealthy", "healthy"),
    ]


def test_all_of_the_cluster_is_as_many_as_it_had_then() -> None:
    ports, servers, _ = stage()
    ports.deployments.known["c"]["replicas"] = REPLICAS[:2]
    step("create", ports, "e1", model_uri=A)
    ports.deployments.known["c"]["replicas"] = REPLICAS
    output = step("scale", ports, "e2", replicas=3)

    assert serving(servers) == ["A", "A", "A"]
    assert output["replicas"] == 3


@pytest.mark.parametrize("first", ["hold", "create"])
def test_what_never_came_to_be_served_can_be_withdrawn(first: str) -> None:
    ports, servers, _ = stage()
    servers.broken = {"http://r1"}
    with contextlib.suppress(DeploymentFailedError):
        step(first, ports, "e1", model_uri=A)

    assert step("delete", ports, "e2")["status"] == "deleted"
    with pytest.raises(TaskError, match="there is no deployment"):
        step("delete", ports, "e3")
