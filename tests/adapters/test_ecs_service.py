"""Deployments as ECS services, on moto."""

from typing import Any

import pytest
from botocore.stub import Stubber
from tests.fakes import FakeCalls

from aftertrain.aws.ecs_service import EcsService, configuration
from aftertrain.errors import OperatorError
from aftertrain.fleets.fleet import Release
from aftertrain.fleets.rollout import Terms
from aftertrain.fleets.service_fleet import ServiceState

SERVICE = "arn:aws:ecs:us-east-1:123456789012:service/gpu/triton"
CLUSTER = {"id": "prod", "kind": "ecs", "service": SERVICE, "container": "triton", "url": "http://lb"}
RELEASE = Release("digits", "9f86d0", "s3://models/digits.onnx")
SOUND = {"model_version": "9f86d0", "outputs": [{"data": [0.5]}]}


@pytest.fixture
def ecs(aws: Any) -> Any:
    client = aws("ecs")
    client.create_cluster(clusterName="gpu")
    containers = [
        {"name": "triton", "image": "t", "memory": 128, "environment": [{"name": "MODEL_URI", "value": "s3://old"}]},
        {"name": "logs", "image": "l", "memory": 128},
    ]
    client.register_task_definition(family="triton", containerDefinitions=containers)
    client.create_service(cluster="gpu", serviceName="triton", taskDefinition="triton", desiredCount=2)
    return client


def fleet(client: Any, **answers: Any) -> EcsService:
    return EcsService(CLUSTER, "digits", client, FakeCalls(answers or {"infer": SOUND, "digits": {"inputs": []}}))


def test_a_release_is_a_revision_whose_container_is_told_what_to_serve(ecs: Any) -> None:
    service = fleet(ecs)
    before = service.look()
    target = service.prepare(RELEASE, None)
    service.shift(target, None, Terms(batch=1, alarms=("p99",)))

    made = ecs.describe_task_definition(taskDefinition=target)["taskDefinition"]
    told = {each["name"]: each.get("environment", []) for each in made["containerDefinitions"]}
    assert {each["name"]: each["value"] for each in told["triton"]} == {
        "MODEL_URI": "s3://models/digits.onnx",
        "MODEL_NAME": "digits",
        "MODEL_VERSION": "9f86d0",
    }
    assert told["logs"] == []
    assert (before.target, service.look().target) == (target[:-1] + "1", target)
    (described,) = ecs.describe_services(cluster="gpu", services=["triton"])["services"]
    assert described["deploymentConfiguration"] == configuration(2, Terms(batch=1, alarms=("p99",)))


def look(client: Any, *deployments: dict[str, Any]) -> ServiceState:
    with Stubber(client) as stubber:
        service = {"status": "ACTIVE", "taskDefinition": "triton:2", "desiredCount": 2}
        answer = {"services": [service | {"deployments": list(deployments)}]}
        stubber.add_response("describe_services", answer, {"cluster": "gpu", "services": ["triton"]})
        return fleet(client).look()


def primary(state: str) -> dict[str, Any]:
    return {"status": "PRIMARY", "taskDefinition": "triton:2", "rolloutState": state, "runningCount": 1}


@pytest.mark.parametrize(
    ("state", "meaning"), [("COMPLETED", "settled"), ("IN_PROGRESS", "moving"), ("FAILED", "broken")]
)
def test_every_state_of_a_deployment_has_a_meaning(aws: Any, state: str, meaning: str) -> None:
    assert look(aws("ecs"), primary(state)) == ServiceState(meaning, "triton:2", 1, 2)  # type: ignore[arg-type]  # one of them


def test_a_service_that_goes_back_says_why(aws: Any) -> None:
    failed = {"status": "ACTIVE", "rolloutState": "FAILED", "rolloutStateReason": "tasks failed to start"}
    found = look(aws("ecs"), primary("IN_PROGRESS"), failed)

    assert (found.state, found.reason) == ("moving", "tasks failed to start")


def test_scaling_and_removing(ecs: Any) -> None:
    service = fleet(ecs)
    service.resize(5)
    assert service.look().desired == 5
    service.remove()

    assert service.look().desired == 0
    assert (service.resource, service.urls) == (SERVICE, ["http://lb/v2/models/digits/infer"])


def test_a_service_that_is_not_there(aws: Any) -> None:
    client = aws("ecs")
    client.create_cluster(clusterName="gpu")
    assert fleet(client).look() == ServiceState("missing")
    with pytest.raises(OperatorError, match="there is no service arn:aws:ecs"):
        fleet(client).prepare(RELEASE, None)


def test_a_time_to_watch_alarms_is_not_ours_to_choose(ecs: Any) -> None:
    with pytest.raises(OperatorError, match="leave bake_seconds out"):
        fleet(ecs).shift("triton:1", None, Terms(bake_seconds=60))


@pytest.mark.parametrize(
    ("wanted", "batch", "percent"), [(4, 1, 125), (3, 1, 134), (1, 1, 200), (2, 9, 200), (0, 1, 200)]
)
def test_a_batch_is_what_comes_up_beside_the_old_ones(wanted: int, batch: int, percent: int) -> None:
    found = configuration(wanted, Terms(batch=batch))

    assert (found["minimumHealthyPercent"], found["maximumPercent"]) == (100, percent)
    assert "alarms" not in found


def test_a_service_that_was_left_without_a_task_gets_one_again(ecs: Any) -> None:
    service = fleet(ecs)
    service.remove()
    service.shift(service.prepare(RELEASE, None), None, Terms())
    assert service.look().desired == 1
    service.go_back("triton:1", 3, Terms())

    assert service.look().desired == 3
