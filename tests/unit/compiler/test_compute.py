"""Where jobs run, on which machine, and at what cost. Impossible requests are refused."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from botocore.session import get_session
from tests.unit.compiler.backends import PARAMS, STAGE, machine

from aftertrain.compiler.bindings import PLACEHOLDERS
from aftertrain.compiler.compile import compile_pipeline
from aftertrain.compiler.diagnostics import CompileError
from aftertrain.compiler.draw import cost
from aftertrain.compiler.jobs.estimate import estimates
from aftertrain.compiler.jobs.price import dollars_per_hour
from aftertrain.compiler.jobs.sagemaker import NOT_FOR_PROCESSING, instance_type
from aftertrain.model.definition import Compute
from aftertrain.model.instances import INSTANCES, smallest


def test_instances_that_processing_jobs_cannot_have_run_training_jobs() -> None:
    enums = get_session().get_service_model("sagemaker")
    processing, training = (set(enums.shape_for(f"{kind}InstanceType").enum) for kind in ("Processing", "Training"))
    names = {f"ml.{each.name}" for each in INSTANCES}
    found = machine(Compute(backend="sagemaker", gpu=1, gpu_type="A100"))["States"]["evaluate"]

    assert names <= training
    assert names - processing == set(NOT_FOR_PROCESSING)
    assert found["Resource"].endswith("createTrainingJob.sync")
    assert found["Arguments"]["EnableManagedSpotTraining"] is False


def test_a_step_that_asks_for_a_gpu_does_not_get_the_stages_instances() -> None:
    stage = Compute(backend="batch", instance_types=["g6.xlarge"])
    asked = machine(stage, compute={"gpu": 8, "gpu_type": "H100", "cpu": 8})["States"]["evaluate"]["Arguments"]
    nothing = machine(stage)["States"]["evaluate"]["Arguments"]

    assert (asked["JobQueue"].rpartition("}")[2], nothing["JobQueue"].rpartition("}")[2]) == ("h100", "l4")


@pytest.mark.parametrize("path", sorted(Path("pipelines").glob("*.yaml")), ids=lambda path: path.stem)
@pytest.mark.parametrize("backend", ["worker", "batch", "sagemaker"])
def test_every_pipeline_compiles_unchanged_for_every_backend(path: Path, backend: Any) -> None:
    compute = Compute(backend=backend, gpu=1, gpu_type="L4")

    assert compile_pipeline(path.read_text(), replace(PLACEHOLDERS, compute=compute)).asl


@pytest.mark.parametrize(
    ("compute", "queue"),
    [
        ({}, "cpu"),
        ({"gpu": 2, "gpu_type": "A10G", "spot": True}, "a10g-spot"),
        ({"instance_types": ["g6.xlarge", "g6.4xlarge"]}, "l4"),
        ({"instance_types": ["m7i.large"], "spot": True}, "cpu-spot"),
    ],
)
def test_a_job_goes_to_the_queue_of_its_gpu(compute: dict[str, Any], queue: str) -> None:
    found = machine(Compute(backend="batch"), compute=compute)

    assert found["States"]["evaluate"]["Arguments"]["JobQueue"] == f"${{BatchQueuePrefix}}{queue}"


@pytest.mark.parametrize(
    ("compute", "words"),
    [
        ({"backend": "batch", "instance_types": ["g6.xlarge", "p5.48xlarge"]}, "share no Batch queue"),
        ({"backend": "batch", "instance_types": ["x9.huge"]}, "known families"),
        ({"backend": "batch", "gpu": 8, "gpu_type": "T4"}, "no instance has 8 T4 GPUs"),
        ({"backend": "batch", "gpu": 1}, "no queue for a GPU without a gpu_type"),
        ({"backend": "sagemaker", "gpu": 1, "memory_gib": 2048, "gpu_type": "T4"}, "no instance has 1 T4 GPUs"),
        ({"backend": "sagemaker", "gpu": 1, "gpu_type": "T4", "disk_gib": 1000}, "and 1000 GiB of disk"),
        (
            {"backend": "sagemaker", "instance_types": ["g6.xlarge"], "disk_gib": 300},
            "ml.g6.xlarge has 250 GiB of disk",
        ),
    ],
)
def test_what_cannot_be_had_is_refused(compute: dict[str, Any], words: str) -> None:
    with pytest.raises(CompileError) as caught:
        machine(Compute(), compute=compute)
    (diagnostic,) = caught.value.diagnostics

    assert diagnostic.code == "AT211"
    assert words in diagnostic.message


def test_a_stage_without_a_backend_says_so() -> None:
    with pytest.raises(CompileError, match="this stage has no backend batch"):
        compile_pipeline(
            {"steps": [{"id": "e", "action": "model_evaluate", "params": PARAMS}]},
            replace(STAGE, backends=("worker",), compute=Compute(backend="batch")),
        )


def test_the_smallest_instance_is_the_cheapest_that_fits() -> None:
    for each in INSTANCES:
        found = smallest(each.gpus, each.gpu_type, each.cpu, each.memory_gib, each.disk_gib)
        assert found is not None
        assert found.dollars <= each.dollars
    assert instance_type(Compute(gpu=1, gpu_type="L4", cpu=8)) == "ml.g6.4xlarge"
    assert instance_type(Compute(backend="sagemaker", gpu=1, gpu_type="L4", disk_gib=300)) == "ml.g6.4xlarge"
    assert instance_type(Compute(instance_types=["g5.48xlarge"])) == "ml.g5.48xlarge"


@pytest.mark.parametrize(
    ("compute", "dollars"),
    [
        ({"backend": "worker", "gpu": 1}, None),
        ({"backend": "batch", "gpu": 1, "gpu_type": "L4"}, 0.8048),
        ({"backend": "batch", "gpu": 1, "gpu_type": "L4", "spot": True}, 0.8048 * 0.4),
        ({"backend": "sagemaker", "instance_types": ["ml.p5.48xlarge"]}, 55.04 * 1.25),
        ({"backend": "sagemaker", "instance_types": ["x9.huge"]}, None),
    ],
)
def test_an_hour_of_a_job_costs_what_its_machine_does(compute: dict[str, Any], dollars: float | None) -> None:
    assert dollars_per_hour(Compute(**compute)) == (None if dollars is None else pytest.approx(dollars))


def test_the_cost_of_a_pipeline_names_its_jobs() -> None:
    text = Path("pipelines/eval-convert-deploy.yaml").read_text()
    stage = replace(PLACEHOLDERS, compute=Compute(backend="batch", gpu=1, gpu_type="L4"))

    assert "dollars per hour of evaluate, approximately" in cost(compile_pipeline(text, stage))
    assert "dollars per hour" not in cost(compile_pipeline(text, PLACEHOLDERS))


def test_an_estimate_is_every_job_once_until_its_limit() -> None:
    compute = {"gpu": 2, "gpu_type": "L4"}
    steps = [
        {"id": "a", "action": "model_evaluate", "params": PARAMS, "timeout_seconds": 1800, "compute": compute},
        {"id": "b", "action": "model_evaluate", "params": PARAMS, "compute": {"timeout_seconds": 600, "gpu": 0}},
        {"id": "c", "action": "log", "params": {"message": "m"}},
    ]
    steps[1]["foreach"] = {"items": [1, 2, 3]}
    compiled = compile_pipeline({"steps": steps}, replace(STAGE, compute=Compute(backend="batch")))
    first, second = estimates(compiled.linked.graph, compiled.bindings)

    assert (first.step, first.gpu_hours, first.dollars) == ("a", 1.0, pytest.approx(4.6016 / 2))
    assert (second.step, second.gpu_hours, second.dollars) == ("b", 0.0, pytest.approx(0.5 * 0.2016))
    assert "GPU hours at most, if every job runs to its time limit" in cost(compiled)
    assert "2.40" in cost(compiled)
