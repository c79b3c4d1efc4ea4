"""A deployment as an ECS service, which rolls out, watches alarms and rolls back by itself.

A target is a revision of the service's task definition, whose environment tells one container what to serve:

    MODEL_URI=s3://…/model.onnx  MODEL_NAME=digits  MODEL_VERSION=9f86d0

Old tasks stop when new ones are healthy, so the desired number serves at any time. None of this has run in AWS: moto
runs it, and every request is checked against botocore's service models (docs/limitations.md).
"""

import math
from typing import Any

from aftertrain.aws.client_errors import refused_or_busy
from aftertrain.errors import OperatorError
from aftertrain.fleets.fleet import Release
from aftertrain.fleets.oip import HttpCalls, probe
from aftertrain.fleets.rollout import Terms
from aftertrain.fleets.service_fleet import ServiceState

_STATES = {"COMPLETED": "settled", "IN_PROGRESS": "moving", "FAILED": "broken"}
# Fields that DescribeTaskDefinition returns and RegisterTaskDefinition refuses.
_READ_ONLY_FIELDS = {
    "taskDefinitionArn", "revision", "status", "requiresAttributes", "compatibilities", "registeredAt",
    "registeredBy", "deregisteredAt",
}  # fmt: skip


class EcsService:
    """Port `ServiceFleet` of fleets."""

    def __init__(self, cluster: dict[str, Any], name: str, ecs: Any, calls: HttpCalls) -> None:
        self._cluster, self._name = cluster, name
        self._ecs, self._calls = ecs, calls
        _, self._cluster_name, self._service = cluster["service"].rsplit("/", 2)

    @property
    def resource(self) -> str:
        return str(self._cluster["service"])

    @property
    def interruptible(self) -> bool:
        return True

    @property
    def urls(self) -> list[str]:
        return [f"{self._cluster['url']}/v2/models/{self._name}/infer"]

    def look(self) -> ServiceState:
        with refused_or_busy(f"reading the service {self._service}"):
            response = self._ecs.describe_services(cluster=self._cluster_name, services=[self._service])
        service = next((entry for entry in response["services"] if entry["status"] != "INACTIVE"), None)
        if service is None:
            return ServiceState("missing")
        primary = next(entry for entry in service["deployments"] if entry["status"] == "PRIMARY")
        failed = [entry for entry in service["deployments"] if entry.get("rolloutState") == "FAILED"]
        return ServiceState(
            _STATES[primary.get("rolloutState", "COMPLETED")],  # type: ignore[arg-type]  # one of the literal's values
            service["taskDefinition"],
            size=primary["runningCount"],
            desired=service["desiredCount"],
            reason=failed[0].get("rolloutStateReason", "") if failed else "",
        )

    def prepare(self, release: Release, size: int | None) -> str:  # noqa: ARG002 - the service keeps its size
        current = self.look()
        if current.target is None:
            raise OperatorError(f"there is no service {self._cluster['service']}")
        with refused_or_busy(f"reading the task definition {current.target}"):
            latest = self._ecs.describe_task_definition(taskDefinition=current.target)["taskDefinition"]
        env = {"MODEL_URI": release.uri, "MODEL_NAME": release.name, "MODEL_VERSION": release.version}
        definition = {name: value for name, value in latest.items() if name not in _READ_ONLY_FIELDS}
        definition["containerDefinitions"] = [self._set_env(entry, env) for entry in latest["containerDefinitions"]]
        with refused_or_busy(f"registering a revision of {latest['family']}"):
            response = self._ecs.register_task_definition(**definition)
        return str(response["taskDefinition"]["taskDefinitionArn"])

    def _set_env(self, container: dict[str, Any], env: dict[str, str]) -> dict[str, Any]:
        if container["name"] != self._cluster["container"]:
            return container
        kept = [variable for variable in container.get("environment", ()) if variable["name"] not in env]
        return container | {"environment": kept + [{"name": name, "value": value} for name, value in env.items()]}

    def shift(self, target: str, size: int | None, terms: Terms) -> None:
        if terms.bake_seconds:
            raise OperatorError("ECS decides how long it watches alarms: leave bake_seconds out")
        count = size or self.look().desired or 1  # a delete leaves none
        self._update(taskDefinition=target, desiredCount=count, deploymentConfiguration=configuration(count, terms))

    def go_back(self, target: str, size: int, terms: Terms) -> None:
        count = max(size, 1)
        self._update(taskDefinition=target, desiredCount=count, deploymentConfiguration=configuration(count, terms))

    def resize(self, size: int) -> None:
        self._update(desiredCount=size)

    def remove(self) -> None:
        """Set the service to no tasks; the service itself stays."""
        self._update(desiredCount=0)

    def probe(self, release: Release) -> None:
        probe(self._cluster["url"], release, self._calls)

    def tidy(self, kept: frozenset[str]) -> None:
        """Keep all revisions: they cost nothing, and others may have registered them."""

    def _update(self, **changes: Any) -> None:
        with refused_or_busy(f"updating the service {self._service}"):
            self._ecs.update_service(cluster=self._cluster_name, service=self._service, **changes)


def configuration(count: int, terms: Terms) -> dict[str, Any]:
    """ECS' rollout configuration: a batch of new tasks beside the old ones, and a rollback if they do not start."""
    config: dict[str, Any] = {
        "minimumHealthyPercent": 100,
        "maximumPercent": 100 + min(100, math.ceil(100 * terms.batch / max(count, 1))),
        "deploymentCircuitBreaker": {"enable": True, "rollback": True},
    }
    if terms.alarms:
        config["alarms"] = {"alarmNames": [*terms.alarms], "enable": True, "rollback": True}
    return config
