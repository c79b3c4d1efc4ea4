"""Deployments as SageMaker endpoints: on moto as far as possible, the rest against botocore's models."""

import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.response import StreamingBody
from botocore.stub import Stubber

from aftertrain.aws.sagemaker_endpoint import SageMakerEndpoint, deployment_config, endpoint_name, model_data
from aftertrain.aws.sagemaker_leftovers import delete_leftovers
from aftertrain.errors import BusyError, OperatorError
from aftertrain.fleets.fleet import Release, ReplicaError
from aftertrain.fleets.rollout import Terms
from aftertrain.fleets.service_fleet import ServiceState
from aftertrain.fleets.service_rollout import RolloutContext, ServiceRollout, advance

CLUSTER = {
    "id": "prod",
    "kind": "sagemaker-endpoint",
    "image": "REPOSITORY/triton:24.10",
    "role_arn": "arn:aws:iam::123456789012:role/models",
    "instance_type": "ml.g4dn.xlarge",
    "instance_count": 2,
    "environment": {"LOG_LEVEL": "info"},
}
NAME = endpoint_name("aftertrain-t-", "prod", "digits")
RELEASE = Release("digits", "9f86d0", "s3://models/digits/", {"inputs": []})
SOUND = {"outputs": [{"data": [0.5]}]}


class Runtime:
    """Answers predictions. A Stubber checks each request against the service's model."""

    def __init__(self, client: Any) -> None:
        self.stubber = Stubber(client)

    def answers(self, answer: Any) -> None:
        body = json.dumps(answer).encode()
        sent = {"EndpointName": NAME, "ContentType": "application/json", "Accept": "application/json"}
        self.stubber.add_response(
            "invoke_endpoint",
            {"Body": StreamingBody(io.BytesIO(body), len(body)), "ContentType": "application/json"},
            {**sent, "Body": json.dumps(RELEASE.probe).encode()},
        )
        self.stubber.activate()


@pytest.fixture
def fleet(aws: Any) -> SageMakerEndpoint:
    return SageMakerEndpoint(CLUSTER, NAME, aws("sagemaker"), aws("sagemaker-runtime"))


def test_the_first_release_makes_model_configuration_and_endpoint(aws: Any) -> None:
    client, runtime = aws("sagemaker"), aws("sagemaker-runtime")
    fleet = SageMakerEndpoint(CLUSTER, NAME, client, runtime)
    Runtime(runtime).answers(SOUND)
    assert fleet.look() == ServiceState("missing")
    shift = advance(ServiceRollout(), RolloutContext(RELEASE, Terms(), fleet, 0.0), lambda _: None)

    assert shift.status == "healthy"
    endpoint = client.describe_endpoint(EndpointName=NAME)
    config = client.describe_endpoint_config(EndpointConfigName=endpoint["EndpointConfigName"])
    (variant,) = config["ProductionVariants"]
    model = client.describe_model(ModelName=variant["ModelName"])
    assert (variant["InstanceType"], variant["InitialInstanceCount"]) == ("ml.g4dn.xlarge", 2)
    assert model["PrimaryContainer"]["Environment"] == {
        "LOG_LEVEL": "info",
        "MODEL_NAME": "digits",
        "MODEL_VERSION": "9f86d0",
    }
    assert fleet.look().target == shift.target
    assert fleet.urls == [f"https://runtime.sagemaker.us-east-1.amazonaws.com/endpoints/{NAME}/invocations"]


def test_a_target_is_named_after_what_is_in_it(fleet: SageMakerEndpoint) -> None:
    first = fleet.prepare(RELEASE, None)

    assert fleet.prepare(RELEASE, None) == first
    assert fleet.prepare(RELEASE, 3) != first
    assert fleet.prepare(Release("digits", "other", "s3://models/other/"), None) != first
    assert len(first) <= 63


def test_scaling_and_removing(aws: Any) -> None:
    client = aws("sagemaker")
    fleet = SageMakerEndpoint(CLUSTER, NAME, client, aws("sagemaker-runtime"))
    fleet.shift(fleet.prepare(RELEASE, None), None, Terms())
    fleet.resize(4)
    assert fleet.look().desired == 4
    fleet.remove()
    fleet.remove()

    assert fleet.look() == ServiceState("missing")


def named(client: Any) -> tuple[set[str], set[str]]:
    configs = client.list_endpoint_configs()["EndpointConfigs"]
    return {each["EndpointConfigName"] for each in configs}, {
        each["ModelName"] for each in client.list_models()["Models"]
    }


def test_what_roll_outs_leave_behind_goes_when_it_is_old(aws: Any) -> None:
    client = aws("sagemaker")
    fleet = SageMakerEndpoint(CLUSTER, NAME, client, aws("sagemaker-runtime"))
    other = SageMakerEndpoint(CLUSTER, endpoint_name("aftertrain-t-", "prod", "letters"), client, None)
    others = other.prepare(RELEASE, 1)
    targets = [fleet.prepare(Release("digits", version, f"s3://models/{version}/"), 1) for version in "abc"]
    fleet.shift(targets[2], None, Terms())
    fleet.tidy(frozenset({targets[1]}))
    assert (len(named(client)[0]), len(named(client)[1])) == (4, 4)  # all of them are young

    later = datetime.now(UTC) + timedelta(hours=1)
    delete_leftovers(client, targets[0][:-12], kept={targets[1], targets[2]}, before=later)
    configs, models = named(client)
    assert configs == {targets[1], targets[2], others}
    assert len(models) == 3


def described(status: str, **more: Any) -> dict[str, Any]:
    now = "2026-01-01T00:00:00Z"
    variants = [{"VariantName": "main", "CurrentInstanceCount": 3, "DesiredInstanceCount": 4}]
    return {
        "EndpointName": NAME,
        "EndpointArn": f"arn:aws:sagemaker:us-east-1:1:endpoint/{NAME}",
        "EndpointConfigName": "old",
        "EndpointStatus": status,
        "ProductionVariants": variants,
        "CreationTime": now,
        "LastModifiedTime": now,
        **more,
    }


@pytest.mark.parametrize(
    ("status", "more", "state", "target"),
    [
        ("InService", {}, "settled", "old"),
        ("Creating", {}, "moving", "old"),
        ("Updating", {"PendingDeploymentSummary": {"EndpointConfigName": "new"}}, "moving", "new"),
        ("RollingBack", {}, "moving", "old"),
        ("SystemUpdating", {}, "moving", "old"),
        ("Failed", {"FailureReason": "no capacity"}, "broken", "old"),
        ("UpdateRollbackFailed", {}, "broken", "old"),
        ("OutOfService", {}, "broken", "old"),
    ],
)
def test_every_status_of_an_endpoint_has_a_meaning(
    aws: Any, status: str, more: dict[str, Any], state: str, target: str
) -> None:
    client = aws("sagemaker")
    with Stubber(client) as stubber:
        stubber.add_response("describe_endpoint", described(status, **more), {"EndpointName": NAME})
        found = SageMakerEndpoint(CLUSTER, NAME, client, None).look()

    assert (found.state, found.target, found.size, found.desired) == (state, target, 3, 4)
    assert found.reason == more.get("FailureReason", "")


def test_an_endpoint_that_is_being_deleted_is_as_good_as_gone(aws: Any) -> None:
    client = aws("sagemaker")
    with Stubber(client) as stubber:
        stubber.add_response("describe_endpoint", described("Deleting"), {"EndpointName": NAME})
        assert SageMakerEndpoint(CLUSTER, NAME, client, None).look() == ServiceState("missing")


def updates(client: Any, change: Callable[[SageMakerEndpoint], None], **expected: Any) -> None:
    """The single update that a change makes on an endpoint in service."""
    arn = f"arn:aws:sagemaker:us-east-1:1:endpoint/{NAME}"
    with Stubber(client) as stubber:
        stubber.add_response("describe_endpoint", described("InService"), {"EndpointName": NAME})
        stubber.add_response("update_endpoint", {"EndpointArn": arn}, {"EndpointName": NAME, **expected})
        change(SageMakerEndpoint(CLUSTER, NAME, client, None))
        stubber.assert_no_pending_responses()


def test_an_update_uses_what_sagemaker_has_for_rolling_out(aws: Any) -> None:
    batch = {"Type": "INSTANCE_COUNT", "Value": 2}
    rolling = {
        "MaximumBatchSize": batch,
        "RollbackMaximumBatchSize": batch,
        "WaitIntervalInSeconds": 60,
        "MaximumExecutionTimeoutInSeconds": 14_400,
    }
    alarms = {"Alarms": [{"AlarmName": "p99"}]}
    updates(
        aws("sagemaker"),
        lambda endpoint: endpoint.shift("new", None, Terms(batch=3, bake_seconds=60, alarms=("p99",))),
        EndpointConfigName="new",
        DeploymentConfig={"RollingUpdatePolicy": rolling, "AutoRollbackConfiguration": alarms},
    )


def test_on_the_way_back_no_instance_is_given_up(aws: Any) -> None:
    updates(
        aws("sagemaker"),
        lambda endpoint: endpoint.go_back("old", 4, Terms()),
        EndpointConfigName="old",
        RetainAllVariantProperties=True,
        DeploymentConfig=deployment_config(4, Terms()),
    )


def test_a_single_instance_goes_from_blue_to_green() -> None:
    config = deployment_config(1, Terms(bake_seconds=60))

    assert config["BlueGreenUpdatePolicy"]["TrafficRoutingConfiguration"]["Type"] == "ALL_AT_ONCE"
    assert config["BlueGreenUpdatePolicy"]["TerminationWaitInSeconds"] == 60


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("s3://m/a.tar.gz", {"ModelDataUrl": "s3://m/a.tar.gz"}),
        ("s3://m/a/", ("S3Prefix", "s3://m/a/")),
        ("s3://m/a.onnx", ("S3Object", "s3://m/a.onnx")),
    ],
)
def test_models_are_archives_folders_or_files(uri: str, expected: Any) -> None:
    found = model_data(uri)
    if isinstance(expected, tuple):
        place = found["ModelDataSource"]["S3DataSource"]
        assert (place["S3DataType"], place["S3Uri"], place["CompressionType"]) == (*expected, "None")
    else:
        assert found == expected


def test_a_model_that_is_not_in_s3_is_refused() -> None:
    with pytest.raises(OperatorError, match="SageMaker takes models from S3, not from https://x/y"):
        model_data("https://x/y")


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ({"outputs": []}, "without finite outputs"),
        ({"outputs": [{"data": [float("nan")]}]}, "without"),
        ([], "does not follow the protocol"),
    ],
)
def test_a_prediction_is_believed_only_if_it_is_sound(aws: Any, answer: Any, why: str) -> None:
    runtime = aws("sagemaker-runtime")
    Runtime(runtime).answers(answer)
    with pytest.raises(ReplicaError, match=why):
        SageMakerEndpoint(CLUSTER, NAME, None, runtime).probe(RELEASE)


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("ValidationException", 400, OperatorError),
        ("ThrottlingException", 400, BusyError),
        ("Internal", 500, BusyError),
    ],
)
def test_what_is_refused_differs_from_what_can_be_asked_again(
    aws: Any, code: str, status: int, kind: type[Exception]
) -> None:
    client = aws("sagemaker")
    with Stubber(client) as stubber:
        stubber.add_client_error("describe_endpoint", code, "why", status)
        with pytest.raises(kind) as caught:
            SageMakerEndpoint(CLUSTER, NAME, client, None).look()
    assert type(caught.value).__name__ == {OperatorError: "OperatorError"}.get(kind, type(caught.value).__name__)


def test_names_of_endpoints_fit_and_differ() -> None:
    pairs = [("prod", "digits"), ("prod", "a.b_c"), ("prod", "a-b-c"), ("gpu", "eu-digits"), ("gpu-eu", "digits")]
    names = {endpoint_name("aftertrain-t-", cluster, name) for cluster, name in pairs}
    long = endpoint_name("aftertrain-t-", "prod", "x" * 100)

    assert NAME.startswith("aftertrain-t-prod-digits-")
    assert len(names) == len(pairs)
    assert len(long) <= 63


@pytest.mark.parametrize(("count", "batch", "expected"), [(4, 1, 1), (4, 3, 2), (21, 1, 2), (40, 1, 2), (41, 1, 3)])
def test_a_batch_is_between_a_twentieth_and_a_half(count: int, batch: int, expected: int) -> None:
    policy = deployment_config(count, Terms(batch=batch))["RollingUpdatePolicy"]

    assert policy["MaximumBatchSize"]["Value"] == expected


@pytest.mark.parametrize(
    ("count", "size", "batch", "expected"),
    [(2, 40, 1, 5), (40, 2, 1, 5), (4, 8, 2, 25), (4, 5, 4, 50)],
)
def test_while_the_number_changes_a_batch_is_a_share(count: int, size: int, batch: int, expected: int) -> None:
    policy = deployment_config(count, Terms(batch=batch), size)["RollingUpdatePolicy"]

    assert policy["MaximumBatchSize"] == {"Type": "CAPACITY_PERCENT", "Value": expected}


@pytest.mark.parametrize(("count", "size"), [(1, 8), (8, 1)])
def test_from_or_to_a_single_instance_it_goes_from_blue_to_green(count: int, size: int) -> None:
    assert "BlueGreenUpdatePolicy" in deployment_config(count, Terms(), size)


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("ModelError", 424, ReplicaError),
        ("InternalFailure", 500, ReplicaError),
        ("ThrottlingException", 400, BusyError),
    ],
)
def test_a_model_that_does_not_answer_is_no_service_that_is_busy(
    aws: Any, code: str, status: int, kind: type[Exception]
) -> None:
    runtime = aws("sagemaker-runtime")
    with Stubber(runtime) as stubber:
        stubber.add_client_error("invoke_endpoint", code, "why", status)
        with pytest.raises(kind):
            SageMakerEndpoint(CLUSTER, NAME, None, runtime).probe(RELEASE)
