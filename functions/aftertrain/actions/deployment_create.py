"""Roll a model out over a cluster's replicas, one by one, and back if one of them fails."""

from typing import Annotated, Any

from pydantic import Field, StringConstraints

from aftertrain.actions.action import MEDIUM, Action, Outputs, Params
from aftertrain.asl.states import Retrier

DeploymentName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=100)]


class DeployParams(Params):
    """`model_uri`: what the replicas are to load. `model_id`: the name that the model has in its registry.
    `probe`: an inference request (Open Inference Protocol v2) that each replica must answer; zeros in the shape of the
    model's inputs if it is left out.
    """

    cluster_id: str
    deployment_name: DeploymentName
    model_uri: str | None = None
    model_id: str | None = None
    probe: dict[str, Any] | None = None
    ready_timeout_seconds: Annotated[int, Field(ge=1, le=600)] = 300


class DeployOutputs(Outputs):
    """`version` is what the replicas serve now, `previous_version` what they served before, if anything."""

    deployment_id: str
    deployment_name: str
    cluster_id: str
    status: str
    version: str
    previous_version: str | None
    replicas: int
    endpoint_urls: list[str]


# A roll-out that has no time left for its next replica goes on in the next try, from the state that it has saved.
UNFINISHED_RETRY = Retrier(errors=("RolloutUnfinishedError",), attempts=50, interval=1, rate=1.0)

# A roll-out that is through is left alone by the next try, which only tells of it.
UNTOLD_RETRY = Retrier(errors=("BusyError",), attempts=5, interval=2, rate=2.0)

ACTION = Action(
    "deployment_create",
    DeployParams,
    DeployOutputs,
    runs="task",
    timeout_seconds=900,
    retry=(UNFINISHED_RETRY, UNTOLD_RETRY),
    passes=("depth",),
    most_bytes=MEDIUM,
)
