"""The common part of the actions that change a deployment."""

from typing import Annotated, Any

from pydantic import Field, StringConstraints

from aftertrain.actions.action import MEDIUM, Action, Outputs, Params
from aftertrain.asl.states import Retrier

DeploymentName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=100)]
Size = Annotated[int, Field(ge=1, le=100)]
DEPLOYMENT_SECONDS = 4 * 3600


class RolloutParams(Params):
    """The deployment, and how careful its roll-out is."""

    cluster_id: str
    """The cluster."""
    deployment_name: DeploymentName
    """The deployment's name, which is the model's name on the replicas."""
    probe: dict[str, Any] | None = None
    """An inference request (Open Inference Protocol v2) that each replica must answer. The default sends zeros in the
    shape of the model's inputs.
    """
    ready_timeout_seconds: Annotated[int, Field(ge=1, le=600)] = 300
    """How long a replica may take to load the model."""
    batch_size: Size = 1
    """How many replicas change at a time."""
    capacity: Annotated[int, Field(ge=0, le=100)] | None = None
    """How many replicas must serve meanwhile. The default is as many as served before, minus one batch."""
    bake_seconds: Annotated[int, Field(ge=0, le=600)] = 0
    """How long the `alarms` are watched after each batch."""
    alarms: Annotated[list[str], Field(max_length=10)] = Field(default_factory=list)
    """CloudWatch alarms; one that goes off rolls the deployment back."""


class DeployOutputs(Outputs):
    """The finished roll-out."""

    deployment_id: str
    """The id of this roll-out."""
    deployment_name: str
    """The deployment's name."""
    cluster_id: str
    """The cluster."""
    status: str
    """`healthy`; a failed roll-out fails the step."""
    version: str
    """The version that serves now."""
    previous_version: str | None
    """The version that served before, if any."""
    replicas: int
    """The number of replicas that serve it."""
    endpoint_urls: list[str]
    """The URLs that answer predictions."""


# A roll-out without time for its next replica resumes in the next attempt, from its saved state.
UNFINISHED_RETRY = Retrier(errors=("RolloutUnfinishedError",), attempts=50, interval=1, rate=1.0, uses_time_limit=True)

# The next attempt leaves a finished roll-out alone and only reports it.
UNTOLD_RETRY = Retrier(errors=("BusyError", "ThrottledError", "StaleError"), attempts=5, interval=2, rate=2.0)

# Services report their changes. In case a report gets lost, the step checks every twenty minutes.
UNHEARD_RETRY = Retrier(errors=("States.HeartbeatTimeout",), attempts=12, interval=1, rate=1.0, uses_time_limit=True)


def deployment_action(name: str, params: type[Params]) -> Action:
    """An action that changes a deployment, and answers when the change is finished."""
    return Action(
        name,
        params,
        DeployOutputs,
        runs="deployment",
        timeout_seconds=DEPLOYMENT_SECONDS,
        retry=(UNFINISHED_RETRY, UNTOLD_RETRY, UNHEARD_RETRY),
        passes=("token", "depth"),
        max_bytes=MEDIUM,
    )
