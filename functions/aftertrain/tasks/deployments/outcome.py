"""The end of a roll-out -> the step's output or its error, and an event that says so."""

from typing import Any

from aftertrain.errors import BusyError
from aftertrain.fleets.rollout import Rollout
from aftertrain.fleets.shift import Shift
from aftertrain.tasks.deployments.record import Record, Served
from aftertrain.tasks.deployments.wish import Wish
from aftertrain.tasks.happened import tell
from aftertrain.tasks.ports import Call, DeploymentFailedError, Ports


def outcome(
    wish: Wish, release: Served, record: Record, rollout: Rollout | Shift, urls: list[str], call: Call, ports: Ports
) -> dict[str, Any]:
    """Tell the triggers how it ended, and give the output.

    Raises: DeploymentFailedError if it did not end well; BusyError if that could not be told.
    """
    status = "deleted" if wish.verb == "delete" and rollout.status == "healthy" else rollout.status
    output = {
        "deployment_id": record.id,
        "deployment_name": wish.name,
        "cluster_id": wish.cluster_id,
        "status": status,
        "version": release.version,
        "previous_version": record.before.version if record.before else None,
    }
    facts = output | {
        "model_id": release.model_id,
        "model_uri": release.model_uri,
        "error_message": rollout.reason or None,
    }
    if rollout.status != "healthy":
        _tell_of_failure(facts, call, ports)
        raise failure(wish, rollout.status, rollout.reason)
    tell(_event(wish, record), wish.name, facts, call, ports)
    return output | {"replicas": release.replicas, "endpoint_urls": urls}


def interrupted(wish: Wish, overtaken: dict[str, Any] | None, ports: Ports) -> None:
    """Tell the steps whose roll-outs do not go on, and the triggers; as often as this is called, each hears it once."""
    while overtaken is not None:
        call = Call(**overtaken["call"], time_left=lambda: 0.0)
        error = failure(wish, "failed", f"another step has overtaken it ({wish.verb})")
        _tell_of_failure(_facts_of(overtaken, error.message), call, ports)
        ports.answers.fail(call.token, type(error).__name__, error.message)
        overtaken = overtaken.get("overtaken")


def _facts_of(record: dict[str, Any], why: str) -> dict[str, Any]:
    release, before = record["release"], record["before"]
    return {
        "deployment_id": record["deployment_id"],
        "deployment_name": record["id"],
        "cluster_id": record["cluster_id"],
        "status": "failed",
        "version": release["version"],
        "previous_version": before["version"] if before else None,
        "model_id": release["model_id"],
        "model_uri": release["model_uri"],
        "error_message": why,
    }


def failure(wish: Wish, status: str, reason: str) -> DeploymentFailedError:
    """The error of a step whose roll-out did not end well."""
    return DeploymentFailedError(f"deployment {wish.name!r} on {wish.cluster_id!r} is {status}: {reason}")


def _event(wish: Wish, record: Record) -> str:
    if wish.verb == "delete":
        return "deployment.deleted"
    return "deployment.created" if record.before is None else "deployment.updated"


def _tell_of_failure(facts: dict[str, Any], call: Call, ports: Ports) -> None:
    """A retry of the step would roll out anew, so an event that cannot be recorded does not ask for one."""
    try:
        tell("deployment.failed", facts["deployment_name"], facts, call, ports)
    except BusyError as error:
        ports.log("error", f"deployment.failed of {facts['deployment_name']} is not sent: {error.message}", facts)
