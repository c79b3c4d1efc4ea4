"""A deployment as a SageMaker endpoint, which rolls out, watches alarms and rolls back by itself.

    cluster prod, deployment digits  ->  the endpoint aftertrain-prod-prod-digits-3f9a61c0, with one variant

A target is an endpoint configuration named after its content, so creating it twice creates one. New capacity starts
before old capacity stops, so the desired number serves at any time. None of this has run in AWS; every request is
checked against botocore's service models (docs/limitations.md).
"""

import json
import math
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from aftertrain.aws.client_errors import error_code, is_throttled, refused_or_busy
from aftertrain.aws.sagemaker_leftovers import delete_leftovers
from aftertrain.errors import BusyError, OperatorError
from aftertrain.fleets.fleet import Release, ReplicaError
from aftertrain.fleets.oip import has_finite_output
from aftertrain.fleets.rollout import Terms
from aftertrain.fleets.service_fleet import ServiceState
from aftertrain.model.names import canonical_json, digest

VARIANT = "main"
ROLLOUT_SECONDS = 4 * 3600
YOUNG = timedelta(hours=1)  # another roll-out may be about to use newer ones
_SETTLED = {"InService"}
_BROKEN = {"Failed", "OutOfService", "UpdateRollbackFailed"}


def endpoint_name(prefix: str, cluster_id: str, name: str) -> str:
    """At most 63 letters, digits and dashes; the suffix keeps names distinct, whatever dashes the parts contain."""
    stem = re.sub(r"[^A-Za-z0-9]+", "-", f"{prefix}{cluster_id}-{name}").strip("-")
    return f"{stem[:54].rstrip('-')}-{digest(cluster_id, name)[:8]}"


class SageMakerEndpoint:
    """Port `ServiceFleet` of fleets."""

    def __init__(self, cluster: dict[str, Any], endpoint: str, sagemaker: Any, runtime: Any) -> None:
        self._cluster, self._endpoint = cluster, endpoint
        self._sagemaker, self._runtime = sagemaker, runtime

    @property
    def resource(self) -> str:
        return self._endpoint

    @property
    def interruptible(self) -> bool:
        return False

    @property
    def urls(self) -> list[str]:
        return [f"{self._runtime.meta.endpoint_url}/endpoints/{self._endpoint}/invocations"]

    def look(self) -> ServiceState:
        summary = self._describe()
        if summary is None or summary["EndpointStatus"] == "Deleting":
            return ServiceState("missing")
        status = summary["EndpointStatus"]
        state = "settled" if status in _SETTLED else "broken" if status in _BROKEN else "moving"
        target = summary.get("PendingDeploymentSummary", {}).get("EndpointConfigName") or summary["EndpointConfigName"]
        variants = summary.get("ProductionVariants", ())
        return ServiceState(
            state,  # type: ignore[arg-type]  # one of the literal's values
            target,
            size=sum(variant.get("CurrentInstanceCount", 0) for variant in variants),
            desired=sum(variant.get("DesiredInstanceCount", 0) for variant in variants),
            reason=summary.get("FailureReason", ""),
        )

    def prepare(self, release: Release, size: int | None) -> str:
        count = size or self.look().desired or self._cluster["instance_count"]
        model = self._model(release)
        model_name = self._name_for(model)
        variant = {
            "VariantName": VARIANT,
            "ModelName": model_name,
            "InstanceType": self._cluster["instance_type"],
            "InitialInstanceCount": count,
            "ContainerStartupHealthCheckTimeoutInSeconds": max(60, math.ceil(release.ready_timeout)),
        }
        config_name = self._name_for(variant)
        with refused_or_busy(f"making the model {model_name}"):
            _create_if_missing(lambda: self._sagemaker.create_model(ModelName=model_name, **model))
        with refused_or_busy(f"making the endpoint configuration {config_name}"):
            _create_if_missing(
                lambda: self._sagemaker.create_endpoint_config(
                    EndpointConfigName=config_name, ProductionVariants=[variant]
                )
            )
        return config_name

    def shift(self, target: str, size: int | None, terms: Terms) -> None:
        summary = self._describe()
        names = {"EndpointName": self._endpoint, "EndpointConfigName": target}
        with refused_or_busy(f"rolling out to the endpoint {self._endpoint}"):
            if summary is None:
                self._sagemaker.create_endpoint(**names)
            else:
                count = sum(variant.get("DesiredInstanceCount", 1) for variant in summary.get("ProductionVariants", ()))
                config = deployment_config(count, terms, size or count)
                self._sagemaker.update_endpoint(**names, DeploymentConfig=config)

    def go_back(self, target: str, size: int, terms: Terms) -> None:  # noqa: ARG002 - the current size is kept
        """Keep the number of instances: the configuration's number may be older than a scaling."""
        with refused_or_busy(f"rolling the endpoint {self._endpoint} back"):
            self._sagemaker.update_endpoint(
                EndpointName=self._endpoint,
                EndpointConfigName=target,
                RetainAllVariantProperties=True,
                DeploymentConfig=deployment_config(self.look().desired, terms),
            )

    def resize(self, size: int) -> None:
        capacities = [{"VariantName": VARIANT, "DesiredInstanceCount": size}]
        with refused_or_busy(f"scaling the endpoint {self._endpoint}"):
            self._sagemaker.update_endpoint_weights_and_capacities(
                EndpointName=self._endpoint, DesiredWeightsAndCapacities=capacities
            )

    def remove(self) -> None:
        if self._describe() is not None:
            with refused_or_busy(f"deleting the endpoint {self._endpoint}"):
                self._sagemaker.delete_endpoint(EndpointName=self._endpoint)

    def probe(self, release: Release) -> None:
        label = f"the endpoint {self._endpoint}"
        try:
            finite = has_finite_output(json.loads(self._invoke(release)))
        except (BotoCoreError, ClientError) as error:
            if isinstance(error, ClientError) and is_throttled(error):
                raise BusyError(f"{label} throttled the probe: {error}") from None
            raise ReplicaError(f"{label} does not answer the probe: {error}") from None
        except (ValueError, AttributeError, TypeError) as error:
            raise ReplicaError(f"{label} does not follow the protocol: {error!r}") from None
        if not finite:
            raise ReplicaError(f"{label} answers the probe without finite outputs")

    def tidy(self, kept: frozenset[str]) -> None:
        serving = self.look().target
        with refused_or_busy(f"deleting what the endpoint {self._endpoint} has left behind"):
            delete_leftovers(self._sagemaker, self._name_prefix, kept | {serving or ""}, datetime.now(UTC) - YOUNG)

    def _invoke(self, release: Release) -> bytes:
        response = self._runtime.invoke_endpoint(
            EndpointName=self._endpoint,
            ContentType="application/json",
            Accept="application/json",
            Body=json.dumps(release.probe).encode(),
        )
        body: bytes = response["Body"].read()
        return body

    def _describe(self) -> dict[str, Any] | None:
        with refused_or_busy(f"reading the endpoint {self._endpoint}"):
            try:
                summary: dict[str, Any] = self._sagemaker.describe_endpoint(EndpointName=self._endpoint)
            except ClientError as error:
                if "Could not find" in error.response["Error"].get("Message", ""):
                    return None
                raise
        return summary

    def _model(self, release: Release) -> dict[str, Any]:
        variables = {"MODEL_NAME": release.name, "MODEL_VERSION": release.version}
        container = {
            "Image": self._cluster["image"],
            "Environment": {**self._cluster["environment"], **variables},
            **model_data(release.uri),
        }
        return {"PrimaryContainer": container, "ExecutionRoleArn": self._cluster["role_arn"]}

    def _name_for(self, content: dict[str, Any]) -> str:
        return f"{self._name_prefix}{digest(canonical_json(content))[:12]}"

    @property
    def _name_prefix(self) -> str:
        """The common prefix of the names of this endpoint's configurations and models."""
        return f"{self._endpoint[:-9][:41].rstrip('-')}-{self._endpoint[-8:]}-"


def model_data(uri: str) -> dict[str, Any]:
    """The location of a model for SageMaker: an archive, a folder or a file. Raises: OperatorError if not in S3."""
    if not uri.startswith("s3://"):
        raise OperatorError(f"SageMaker takes models from S3, not from {uri}")
    if uri.endswith(".tar.gz"):
        return {"ModelDataUrl": uri}
    kind = "S3Prefix" if uri.endswith("/") else "S3Object"
    return {"ModelDataSource": {"S3DataSource": {"S3Uri": uri, "S3DataType": kind, "CompressionType": "None"}}}


def deployment_config(count: int, terms: Terms, size: int | None = None) -> dict[str, Any]:
    """How SageMaker moves from `count` instances to `size`, or the same number; a single instance goes blue-green."""
    least = min(count, size or count)
    wait = math.ceil(terms.bake_seconds)
    if least < 2:
        traffic = {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": wait}
        policy: dict[str, Any] = {
            "BlueGreenUpdatePolicy": {
                "TrafficRoutingConfiguration": traffic,
                "TerminationWaitInSeconds": wait,
                "MaximumExecutionTimeoutInSeconds": ROLLOUT_SECONDS,
            }
        }
    else:
        batch = _batch(count, size or count, terms.batch)
        policy = {
            "RollingUpdatePolicy": {
                "MaximumBatchSize": batch,
                "RollbackMaximumBatchSize": batch,
                "WaitIntervalInSeconds": wait,
                "MaximumExecutionTimeoutInSeconds": ROLLOUT_SECONDS,
            }
        }
    alarms = {"AutoRollbackConfiguration": {"Alarms": [{"AlarmName": name} for name in terms.alarms]}}
    return {**policy, **(alarms if terms.alarms else {})}


def _batch(count: int, size: int, batch_size: int) -> dict[str, Any]:
    """A batch of 5 to 50 %, as SageMaker requires; a count, unless the size changes."""
    if count == size:
        return {"Type": "INSTANCE_COUNT", "Value": min(max(batch_size, math.ceil(count / 20)), count // 2)}
    share = math.ceil(100 * batch_size / max(count, size))
    return {"Type": "CAPACITY_PERCENT", "Value": min(max(share, 5), 50)}


def _create_if_missing(create: Any) -> None:
    """Create something named after its content, which may exist already."""
    try:
        create()
    except ClientError as error:
        if error_code(error) != "ValidationException" or "already exist" not in error.response["Error"].get(
            "Message", ""
        ):
            raise
