"""Roll a release out over a cluster.

The roll-out's state is kept with the deployment, under an id made of execution and step: a retry of the same step goes
on where an interrupted try stopped, and another execution that comes in between is refused instead of mixed in.
"""

from dataclasses import asdict, replace
from typing import Any

from aftertrain.actions.deployment_create import DeployParams
from aftertrain.errors import BusyError
from aftertrain.fleets.fleet import Release
from aftertrain.fleets.roll import roll
from aftertrain.fleets.rollout import Rollout
from aftertrain.model.names import digest
from aftertrain.tasks.fleet_of import fleet_of
from aftertrain.tasks.happened import tell
from aftertrain.tasks.ports import Call, DeploymentFailedError, Deployments, Ports, TaskError

ABANDONED_AFTER = 1800.0  # seconds; no call lives that long, so whoever was rolling is gone


def run(params: DeployParams, call: Call, ports: Ports) -> dict[str, Any]:
    """Deploy, and answer when every replica serves the new version.

    Raises:
        TaskError: the cluster is unknown, or nothing says what to deploy.
        DeploymentFailedError: a replica failed; those before it serve what they served before.
    """
    if params.model_uri is None:
        raise TaskError("model_uri is missing: replicas of kind oip load a model from where it is stored")
    fleet = fleet_of(params.cluster_id, ports)
    version = digest(params.model_uri)[:12]
    release = Release(
        params.deployment_name, version, params.model_uri, params.probe, float(params.ready_timeout_seconds)
    )
    log = _Log(params, call, version, ports)
    rollout = roll(log.opened(fleet.replicas), release, fleet, log.save, call.time_left)
    facts = _facts(params, log.deployment_id, version, rollout)
    if rollout.status != "healthy":
        _tell_of_failure(facts, call, ports)
        raise DeploymentFailedError(
            f"deployment {params.deployment_name!r} on {params.cluster_id!r} is {rollout.status}: {rollout.reason}"
        )
    tell(f"deployment.{'updated' if rollout.previous[0] else 'created'}", params.deployment_name, facts, call, ports)
    return _output(params, log.deployment_id, version, rollout)


def deployment_id(call: Call) -> str:
    """The id of the roll-out that a step makes, for each item: the same for every retry of it."""
    item = () if call.item is None else (str(call.item),)
    return digest(call.execution, call.step, *item)[:16]


def _facts(params: DeployParams, made_by: str, version: str, rollout: Rollout) -> dict[str, Any]:
    """What an event says of the deployment."""
    before = rollout.previous[0] if rollout.previous else None
    return {
        "deployment_id": made_by,
        "deployment_name": params.deployment_name,
        "cluster_id": params.cluster_id,
        "model_id": params.model_id,
        "model_uri": params.model_uri,
        "status": rollout.status,
        "version": version,
        "previous_version": before["version"] if before else None,
        "error_message": rollout.reason or None,
    }


def _tell_of_failure(facts: dict[str, Any], call: Call, ports: Ports) -> None:
    """A retry of the step would roll out anew, so an event that cannot be recorded does not ask for one."""
    try:
        tell("deployment.failed", facts["deployment_name"], facts, call, ports)
    except BusyError as error:
        ports.log("error", f"deployment.failed of {facts['deployment_name']} is not sent: {error.message}", facts)


class _Log:
    """The deployment's record, which follows the roll-out."""

    def __init__(self, params: DeployParams, call: Call, version: str, ports: Ports) -> None:
        self.deployment_id = deployment_id(call)
        self._params, self._call, self._version = params, call, version
        self._store: Deployments = ports.deployments
        self._clock = ports.clock
        self._revision = 0

    def opened(self, replicas: tuple[str, ...]) -> Rollout:
        """The roll-out of this step, from where it stands."""
        stored = self._store.get(self._params.cluster_id, self._params.deployment_name)
        if stored is None:
            return Rollout(replicas)
        self._revision = stored.revision
        rollout = _rollout(stored.record["rollout"])
        if stored.record["deployment_id"] == self.deployment_id:
            return self._resumed(rollout, replicas)
        if not rollout.finished and self._clock() - stored.record["saved_at"] < ABANDONED_AFTER:
            other = stored.record["execution"]
            raise TaskError(f"{self._params.deployment_name!r} is being rolled out by execution {other!r}")
        return Rollout(replicas)

    def _resumed(self, rollout: Rollout, replicas: tuple[str, ...]) -> Rollout:
        """What a retry of the same step goes on with.

        A roll-out that is through is left alone, one that was rolled back is tried anew. One in between, or whose
        rollback failed, is gone on with: it alone knows what the replicas served before.
        """
        if rollout.status == "rolled_back":
            return Rollout(replicas)
        if rollout.replicas != replicas:
            if rollout.status == "healthy":
                return Rollout(replicas)
            cluster = self._params.cluster_id
            raise TaskError(
                f"cluster {cluster!r} was changed during its roll-out: register it as it was, and try again"
            )
        return replace(rollout, status="rolling_back") if rollout.status == "failed" else rollout

    def save(self, rollout: Rollout) -> None:
        """Write the state down before the next move."""
        record = {
            "id": self._params.deployment_name,
            "deployment_id": self.deployment_id,
            "execution": self._call.execution,
            "cluster_id": self._params.cluster_id,
            "model_uri": self._params.model_uri,
            "model_id": self._params.model_id,
            "version": self._version,
            "status": rollout.status,
            "reason": rollout.reason,
            "saved_at": self._clock(),
            "rollout": asdict(rollout),
        }
        self._store.put(self._params.cluster_id, self._params.deployment_name, record, self._revision)
        self._revision += 1


def _rollout(item: dict[str, Any]) -> Rollout:
    return Rollout(**item | {"replicas": tuple(item["replicas"]), "previous": tuple(item["previous"])})


def _output(params: DeployParams, made_by: str, version: str, rollout: Rollout) -> dict[str, Any]:
    before = rollout.previous[0]
    return {
        "deployment_id": made_by,
        "deployment_name": params.deployment_name,
        "cluster_id": params.cluster_id,
        "status": rollout.status,
        "version": version,
        "previous_version": before["version"] if before else None,
        "replicas": len(rollout.replicas),
        "endpoint_urls": [f"{url}/v2/models/{params.deployment_name}/infer" for url in rollout.replicas],
    }
