"""The jobs that an execution leaves behind, and when they are stopped."""

from dataclasses import dataclass, field, replace
from typing import Any

from sfnx import testing
from tests.fakes import FakeMachines, FakeRegistry
from tests.services import Services

from aftertrain.compiler.bindings import PLACEHOLDERS, BatchBinding, SageMakerBinding
from aftertrain.compiler.compile import compile_pipeline
from aftertrain.compiler.jobs.job_context import name_prefix
from aftertrain.control.orphaned_jobs import JobPrefix, end_jobs, jobs_of
from aftertrain.control.ports import Entry
from aftertrain.model.definition import Compute

BINDINGS = replace(
    PLACEHOLDERS,
    batch=BatchBinding("q-", "d-", "job"),
    sagemaker=SageMakerBinding(role="arn:aws:iam::123456789012:role/r", image="REPOSITORY/jobs:1"),
    compute=Compute(backend="batch", gpu_type="L4"),
)
PARAMS = {"model_uri": "s3://m/a", "dataset_uri": "s3://m/b"}
DEFINITION: dict[str, Any] = {
    "steps": [
        {"id": "eval-it", "action": "model_evaluate", "params": PARAMS},
        {"id": "each", "action": "model_evaluate", "params": PARAMS, "foreach": {"items": [1, 2]}},
        {"id": "say", "action": "log", "params": {"message": "m"}},
        {"id": "here", "action": "model_evaluate", "params": PARAMS, "compute": {"backend": "worker"}},
        {"id": "there", "action": "model_evaluate", "params": PARAMS, "compute": {"backend": "sagemaker"}},
    ],
    "on_failure": [{"id": "why", "action": "job_run", "params": {"command": ["x"]}, "compute": {"gpu": 1}}],
}
EXECUTION = {"id": "x", "arn": "arn:x", "status": "aborted", "pipeline_id": "p", "version": 1}


@dataclass
class Ended:
    """Remembers the jobs that it was asked to stop."""

    wanted: list[JobPrefix] = field(default_factory=list)

    def end(self, wanted: JobPrefix, reason: str) -> int:
        self.wanted.append(wanted)
        return 2


def registry() -> FakeRegistry:
    return FakeRegistry({("version#p", "00000001"): Entry({"definition": DEFINITION}, 1)})


def test_jobs_are_those_of_services_in_their_queues() -> None:
    found = [(each.backend, each.queue, each.begin) for each in jobs_of(EXECUTION, registry(), BINDINGS)]

    assert found == [
        ("batch", "q-cpu", name_prefix("x", "eval-it")),
        ("batch", "q-cpu", name_prefix("x", "each")),
        ("sagemaker", "", name_prefix("x", "there")),
        ("batch", "q-l4", name_prefix("x", "why")),
    ]


def test_jobs_are_where_their_version_has_put_them() -> None:
    """The stage's settings were different when it was published."""
    item = {"definition": DEFINITION, "jobs": {"eval-it": ["batch", "q-cpu"]}}
    known = FakeRegistry({("version#p", "00000001"): Entry(item, 1)})
    workers = replace(PLACEHOLDERS, compute=Compute())

    assert list(jobs_of(EXECUTION, known, workers)) == [JobPrefix("batch", "q-cpu", name_prefix("x", "eval-it"))]


def test_the_machine_names_its_jobs_so_that_they_are_found() -> None:
    services = Services(["succeeds"] * 4)
    steps = [DEFINITION["steps"][0], DEFINITION["steps"][1], DEFINITION["steps"][4]]
    compiled = compile_pipeline({"steps": steps}, BINDINGS)
    given = {"event": {"data": {}}, "params": {}, "trigger": {"id": "t"}}
    ran = testing.run(compiled.machine.json(), given, tasks=services)
    name = next(iter(services.objects)).split("/")[1]

    assert ran.error is None, ran
    for step, count in (("eval-it", 1), ("each", 2), ("there", 1)):
        assert sum(job.startswith(name_prefix(name, step)) for job in services.jobs) == count, services.jobs
    assert all(len(job) <= 63 for job in services.jobs)


def test_what_runs_or_runs_again_keeps_its_jobs() -> None:
    jobs = Ended()
    assert end_jobs(EXECUTION | {"status": "running"}, registry(), FakeMachines(), BINDINGS, jobs) == 0
    assert end_jobs(EXECUTION, registry(), FakeMachines(again={"arn:x"}), BINDINGS, jobs) == 0
    assert end_jobs(EXECUTION | {"version": 2}, registry(), FakeMachines(), BINDINGS, jobs) == 0
    assert jobs.wanted == []


def test_what_ended_leaves_none() -> None:
    # One that succeeded may have a step behind it that timed out and was forgiven.
    for status in ("aborted", "timed_out", "failed", "succeeded"):
        assert end_jobs(EXECUTION | {"status": status}, registry(), FakeMachines(), BINDINGS, Ended()) == 8
