"""A registered cluster -> the fleet of its service. A new kind is an adapter and a case here."""

from collections.abc import Callable
from typing import Any

from aftertrain.aws.ecs_service import EcsService
from aftertrain.aws.sagemaker_endpoint import SageMakerEndpoint, endpoint_name
from aftertrain.fleets.oip import HttpCalls
from aftertrain.fleets.service_fleet import ServiceFleet
from aftertrain.tasks.ports import TaskError


class ServiceFleets:
    """Port `service_fleet` of tasks; `prefix`: of the stage's endpoint names.

    `client` makes clients for changes, `prediction_client` those for predictions.
    """

    def __init__(
        self, client: Callable[[str], Any], prediction_client: Callable[[str], Any], calls: HttpCalls, prefix: str
    ) -> None:
        self._client, self._prediction_client = client, prediction_client
        self._calls, self._prefix = calls, prefix

    def __call__(self, cluster: dict[str, Any], name: str) -> ServiceFleet:
        match cluster["kind"]:
            case "sagemaker-endpoint":
                endpoint = endpoint_name(self._prefix, cluster["id"], name)
                return SageMakerEndpoint(
                    cluster, endpoint, self._client("sagemaker"), self._prediction_client("sagemaker-runtime")
                )
            case "ecs":
                return EcsService(cluster, name, self._client("ecs"), self._calls)
            case kind:
                raise TaskError(f"cluster {cluster['id']!r} is of kind {kind!r}, which this version does not know")
