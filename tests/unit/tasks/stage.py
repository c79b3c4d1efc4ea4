"""A service that reports its end, and steps that change the deployment on it."""

from dataclasses import dataclass, field
from typing import Any

from tests.fakes import FakeDeployments, FakeService, tasks_ports

from aftertrain.tasks.deployments.deployment_record import version_of
from aftertrain.tasks.deployments.on_service_event import on_service_event
from aftertrain.tasks.ports import TaskPorts
from aftertrain.tasks.run import run

A, B = "s3://artifacts/a.tar.gz", "s3://artifacts/b.tar.gz"
TARGET_A, TARGET_B = f"digits-{version_of(A)}", f"digits-{version_of(B)}"


@dataclass
class Stage:
    """A service, a step that changes the deployment on it, and the log of all calls."""

    service: FakeService = field(default_factory=FakeService)
    events: list[Any] = field(default_factory=list)
    deployments: FakeDeployments = field(default_factory=FakeDeployments)

    def __post_init__(self) -> None:
        self.deployments.known["c"] = {"id": "c", "kind": "sagemaker-endpoint", "probe": {"inputs": []}}
        self.ports: TaskPorts = tasks_ports(
            deployments=self.deployments, service_fleet=lambda cluster, name: self.service, emit=self.emit
        )

    def emit(self, event: Any) -> list[str]:
        self.events.append(event)
        return []

    def step(self, verb: str, execution: str, token: str = "t1", **params: Any) -> dict[str, Any]:
        given = {"cluster_id": "c", "deployment_name": "digits", **params}
        payload = {"action": f"deployment_{verb}", "step": "s", "execution": execution, "params": given, "token": token}
        return run(payload, lambda: 1000.0, self.ports)

    def told(self, *, at_target: bool = True) -> str | None:
        self.service.arrive(at_target=at_target)
        return on_service_event(self.service.resource, self.ports)

    @property
    def answers(self) -> list[tuple[str, Any]]:
        found: list[tuple[str, Any]] = self.ports.answers.told
        return found
