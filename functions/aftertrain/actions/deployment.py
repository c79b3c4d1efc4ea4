"""What the actions that change a deployment have in common."""

from typing import Annotated, Any

from pydantic import Field, StringConstraints

from aftertrain.actions.action import MEDIUM, Action, Outputs, Params
from aftertrain.asl.states import Retrier

DeploymentName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=100)]
Size = Annotated[int, Field(ge=1, le=100)]
DEPLOYMENT_SECONDS = 4 * 3600


class RolloutParams(Params):
    """`probe`: an inference request (Open Inference Protocol v2) that must be answered; zeros in the shape of the
    model's inputs if it is left out. `batch_size` replicas change at a time; `capacity` must serve meanwhile, as many
    as did before but for a batch if it is left out. `bake_seconds`: how long after each batch the `alarms` of
    CloudWatch are watched.
    """

    cluster_id: str
    deployment_name: DeploymentName
    probe: dict[str, Any] | None = None
    ready_timeout_seconds: Annotated[int, Field(ge=1, le=600)] = 300
    batch_size: Size = 1
    capacity: Annotated[int, Field(ge=0, le=100)] | None = None
    bake_seconds: Annotated[int, Field(ge=0, le=600)] = 0
    alarms: Annotated[list[str], Field(max_length=10)] = Field(default_factory=list)


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
UNFINISHED_RETRY = Retrier(errors=("RolloutUnfinishedError",), attempts=50, interval=1, rate=1.0, uses_time_limit=True)

# A roll-out that is through is left alone by the next try, which only tells of it.
UNTOLD_RETRY = Retrier(errors=("BusyError", "ThrottledError", "StaleError"), attempts=5, interval=2, rate=2.0)

# Services tell of their changes. Should that once not arrive, the step looks by itself, every twenty minutes.
UNHEARD_RETRY = Retrier(errors=("States.HeartbeatTimeout",), attempts=12, interval=1, rate=1.0, uses_time_limit=True)


def deployment_action(name: str, params: type[Params]) -> Action:
    """An action that changes a deployment, and answers when that is through."""
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
