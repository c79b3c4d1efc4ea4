"""Jobs on Batch and SageMaker: what a machine sends, and that no answer that gets lost starts a second machine."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from botocore.session import get_session
from sfnx import testing
from tests.services import OUTPUT, Services

from aftertrain.compiler.bindings import PLACEHOLDERS, SageMaker
from aftertrain.compiler.compile import compile_pipeline
from aftertrain.compiler.diagnostics import CompileError
from aftertrain.compiler.draw import cost
from aftertrain.compiler.jobs.estimate import estimates
from aftertrain.compiler.jobs.price import dollars_per_hour
from aftertrain.compiler.jobs.sagemaker import NOT_FOR_PROCESSING, instance_type
from aftertrain.model.definition import Compute
from aftertrain.model.instances import INSTANCES, smallest

ROLE = "arn:aws:iam::123456789012:role/jobs"
STAGE = replace(
    PLACEHOLDERS,
    artifacts_uri="s3://artifacts",
    sagemaker=SageMaker(ROLE, "image:1", {"Subnets": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}),
)
PARAMS = {"model_uri": "s3://m/final/model.safetensors", "dataset_uri": "s3://d/holdout.safetensors"}
BACKENDS = [Compute(backend="batch"), Compute(backend="sagemaker"), Compute(backend="sagemaker", spot=True)]
NAMES = ["batch", "processing", "training"]
SUBMITS = ("batch:submitJob.sync", "sagemaker:createProcessingJob.sync", "sagemaker:createTrainingJob.sync")


def machine(default: Compute, **step: Any) -> dict[str, Any]:
    steps = [
        {"id": "evaluate", "action": "model_evaluate", "params": PARAMS, **step},
    ]
    source = {"steps": steps, "outputs": {"got": "{{ steps.evaluate.output }}"}}
    found: dict[str, Any] = json.loads(compile_pipeline(source, replace(STAGE, compute=default)).asl)
    return found


def run(found: dict[str, Any], services: Services) -> testing.Execution:
    given = {"event": {"data": {}}, "params": {}, "trigger": {"id": "t"}}
    return testing.run(found, given, tasks=services, on_wait=lambda _: None)


def submitted(services: Services) -> int:
    return sum(services.calls.count(each) for each in SUBMITS)


@pytest.mark.parametrize("compute", BACKENDS, ids=NAMES)
def test_input_goes_to_the_bucket_and_output_comes_from_there(compute: Compute) -> None:
    services = Services(["succeeds"])
    found = run(machine(compute), services)

    assert found.output == {"got": OUTPUT}
    (key,) = (key for key in services.objects if key.endswith("/input.json"))
    told = services.objects[key]
    assert (told["job"], told["params"]) == ("model_evaluate", PARAMS)
    assert told["output_uri"] == f"s3://artifacts/{key.removesuffix('/input.json')}"


@pytest.mark.parametrize("compute", BACKENDS, ids=NAMES)
def test_an_answer_that_gets_lost_does_not_start_a_second_machine(compute: Compute) -> None:
    services = Services(["lost"])
    found = run(machine(compute), services)

    assert found.output == {"got": OUTPUT}
    assert submitted(services) == 1


@pytest.mark.parametrize("compute", BACKENDS, ids=NAMES)
def test_a_program_that_fails_is_tried_again_under_another_name_if_somebody_says_so(compute: Compute) -> None:
    services = Services(["fails", "succeeds"])
    found = run(machine(compute, retry={"max_attempts": 2, "backoff_seconds": 1}), services)

    assert found.output == {"got": OUTPUT}
    assert (submitted(services), len(services.jobs)) == (2, 2)


@pytest.mark.parametrize("compute", BACKENDS, ids=NAMES)
def test_a_program_that_fails_fails_the_step(compute: Compute) -> None:
    services = Services(["fails"])
    found = run(machine(compute), services)

    assert found.error is not None
    assert "Essential container exited" in str(found.cause)
    assert submitted(services) == 1


@pytest.mark.parametrize("step", [{}, {"foreach": {"items": [1]}}], ids=["step", "item"])
def test_a_program_that_fails_on_batch_fails_the_step_with_its_own_words(step: dict[str, Any]) -> None:
    found = run(machine(BACKENDS[0], **step), Services(["fails, and says why"]))

    assert "the accuracy is too low" in str(found.cause)


def test_what_an_earlier_try_has_left_does_not_count() -> None:
    services = Services(["fails, and says why", "fails"])
    found = run(machine(BACKENDS[0], retry={"max_attempts": 2, "backoff_seconds": 1}), services)

    assert "Essential container exited" in str(found.cause)


def test_a_pipeline_that_fails_fast_fails_with_a_programs_own_words() -> None:
    source = {"settings": {"fail_fast": True}, "steps": [{"id": "e", "action": "model_evaluate", "params": PARAMS}]}
    stage = replace(STAGE, compute=Compute(backend="batch"))
    found = run(json.loads(compile_pipeline(source, stage).asl), Services(["fails, and says why"]))

    assert "JobError" in str(found.cause)
    assert "the accuracy is too low" in str(found.cause)


@pytest.mark.parametrize("step", [{}, {"foreach": {"items": [1]}}], ids=["step", "item"])
@pytest.mark.parametrize("compute", BACKENDS, ids=NAMES)
def test_what_is_refused_each_time_fails_with_what_the_service_said(compute: Compute, step: dict[str, Any]) -> None:
    services = Services(["refused"] * 9)
    found = run(machine(compute, **step), services)

    assert "the image is not there" in str(found.cause)
    assert submitted(services) == 3


def test_what_is_refused_ends_a_pipeline_that_fails_fast() -> None:
    services = Services(["refused"] * 9)
    steps = [{"id": "evaluate", "action": "model_evaluate", "params": PARAMS, "foreach": {"items": [1]}}]
    source = {"settings": {"fail_fast": True}, "steps": steps}
    stage = replace(STAGE, compute=Compute(backend="batch"))
    found = run(json.loads(compile_pipeline(source, stage).asl), services)

    assert found.error is not None
    assert submitted(services) == 3


@pytest.mark.parametrize("compute", BACKENDS, ids=NAMES)
def test_a_lost_try_that_fails_is_followed_by_one_of_another_name(compute: Compute) -> None:
    services = Services(["lost, fails", "succeeds"])
    found = run(machine(compute), services)

    assert found.output == {"got": OUTPUT}
    assert len(services.jobs) == 2


@pytest.mark.parametrize("value", [None, "{{ params.base }}"], ids=["written", "left out"])
@pytest.mark.parametrize("compute", BACKENDS[1:], ids=NAMES[1:])
def test_a_uri_may_be_null(compute: Compute, value: Any) -> None:
    steps = [{"id": "evaluate", "action": "model_evaluate", "params": PARAMS | {"baseline_uri": value}}]
    source = {"parameters": [{"name": "base", "required": False}], "steps": steps}
    services = Services(["succeeds"])
    found = run(json.loads(compile_pipeline(source, replace(STAGE, compute=compute)).asl), services)
    (told,) = (each for key, each in services.objects.items() if key.endswith("input.json"))

    assert found.error is None, found.cause
    assert [each["path"].rpartition("/")[2] for each in told["mounts"]][:2] == ["model_uri", "dataset_uri"]
    assert len(told["mounts"]) == (3 if compute.spot else 4)


@pytest.mark.parametrize(
    ("model", "brought"),
    [
        ("s3://m/final/model.safetensors", "s3://m/final/"),
        ("s3://m/model.safetensors", "s3://m/model.safetensors"),
        ("s3://m/final/", "s3://m/final/"),
    ],
)
def test_sagemaker_brings_no_more_than_belongs_to_the_job(model: str, brought: str) -> None:
    params = PARAMS | {"model_uri": model}
    sent: list[Any] = []
    services = Services(["succeeds"])

    def note(call: Any) -> Any:
        sent.append(call.arguments)
        return services(call)

    found = machine(Compute(backend="sagemaker"), params=params)
    testing.run(found, {"event": {"data": {}}, "params": {}, "trigger": {"id": "t"}}, tasks=note)
    (inputs,) = (each["ProcessingInputs"] for each in sent if "ProcessingInputs" in each)
    by_name = {each["InputName"]: each["S3Input"]["S3Uri"] for each in inputs}

    assert by_name["model-uri"] == brought
    assert by_name["dataset-uri"] == PARAMS["dataset_uri"]


def test_a_container_with_a_network_fetches_what_it_needs_itself() -> None:
    buckets = {"w": {"endpoint": "https://t3.storage.dev", "secret": "keys"}}
    place = replace(STAGE.sagemaker, network_isolation=False, buckets=buckets)
    services = Services(["succeeds"])
    stage = replace(STAGE, sagemaker=place, compute=Compute(backend="sagemaker"))
    steps = [{"id": "evaluate", "action": "model_evaluate", "params": PARAMS}]
    found = json.loads(compile_pipeline({"steps": steps}, stage).asl)
    run(found, services)
    (told,) = (each for key, each in services.objects.items() if key.endswith("input.json"))

    assert told["buckets"] == buckets
    assert "VpcConfig" not in found["States"]["evaluate"]["Arguments"]["NetworkConfig"]
    assert len(found["States"]["evaluate"]["Arguments"]["ProcessingInputs"]) == 1


@pytest.mark.parametrize(
    ("compute", "disk"),
    [
        ({}, True),
        ({"spot": True}, True),
        ({"gpu": 1, "gpu_type": "L4"}, False),  # its disks are its own
        ({"instance_types": ["c9.huge"]}, True),
    ],
)
def test_a_key_of_ones_own_is_told_to_sagemaker(compute: dict[str, Any], disk: bool) -> None:
    stage = replace(STAGE, sagemaker=replace(STAGE.sagemaker, kms_key="arn:aws:kms:us-east-1:1:key/k"))
    steps = [{"id": "evaluate", "action": "model_evaluate", "params": PARAMS, "compute": compute}]
    stage = replace(stage, compute=Compute(backend="sagemaker"))
    found = json.loads(compile_pipeline({"steps": steps}, stage).asl)
    services = Services(["succeeds"])

    assert run(found, services).error is None  # what it is sent, the services' models know
    sent = json.dumps(found["States"]["evaluate"]["Arguments"])
    assert sent.count('"KmsKeyId": "arn:aws:kms:us-east-1:1:key/k"') == 1
    assert ("VolumeKmsKeyId" in sent) is disk


@pytest.mark.parametrize(
    ("backend", "errors"), [("worker", ["JobError", "States.Timeout"]), ("batch", ["States.TaskFailed"])]
)
def test_a_retry_names_errors_as_where_the_job_runs_they_are_called(backend: str, errors: list[str]) -> None:
    found = machine(Compute(backend=backend), retry={"on": ["JobError", "States.Timeout"], "max_attempts": 2})  # type: ignore[arg-type]  # one of them

    assert found["States"]["evaluate"]["Retry"][-1]["ErrorEquals"] == errors


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


@pytest.mark.parametrize("compute", BACKENDS, ids=NAMES)
def test_each_item_is_a_job_of_its_own(compute: Compute) -> None:
    services = Services(["succeeds", "succeeds", "lost"])
    found = run(machine(compute, foreach={"items": [1, 2, 3]}), services)

    assert found.output == {"got": [OUTPUT] * 3}
    assert len(services.jobs) == 3
    assert all(len(name) <= 63 for name in services.jobs)


@pytest.mark.parametrize("compute", BACKENDS, ids=NAMES)
def test_slots_are_held_by_jobs_that_services_run(compute: Compute) -> None:
    steps = [{"id": f"s{n}", "action": "model_evaluate", "params": PARAMS} for n in range(3)]
    source = {"settings": {"max_parallel_steps": 2}, "steps": steps}
    found = json.loads(compile_pipeline(source, replace(STAGE, compute=compute)).asl)
    text = json.dumps(found)

    assert text.count('"Next": "Prepare s1"') == 2  # with a slot at once, and after the queue


def test_what_a_container_without_network_needs_is_brought_to_it() -> None:
    services = Services(["succeeds"])
    found = machine(Compute(backend="sagemaker"))
    run(found, services)
    (told,) = (value for key, value in services.objects.items() if key.endswith("/input.json"))

    assert {each["uri"]: each["path"] for each in told["mounts"]} == {
        "s3://m/final/": "/opt/ml/processing/input/model_uri",
        "s3://d/": "/opt/ml/processing/input/dataset_uri",
        told["output_uri"] + "/": "/opt/ml/processing/output",
        told["output_uri"] + "/progress.json": "/opt/ml/processing/progress/progress.json",
    }
    arguments = found["States"]["evaluate"]["Arguments"]
    assert arguments["NetworkConfig"]["EnableNetworkIsolation"] is True


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
        ({"backend": "batch", "instance_types": ["g6.xlarge", "p5.48xlarge"]}, "no queue of Batch in common"),
        ({"backend": "batch", "instance_types": ["x9.huge"]}, "family that is not known"),
        ({"backend": "batch", "gpu": 8, "gpu_type": "T4"}, "no instance has 8 T4 GPUs"),
        ({"backend": "batch", "gpu": 1}, "no queue for a GPU whose type nobody has said"),
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
    with pytest.raises(CompileError, match="this stage has no batch"):
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

    assert "dollars per hour of evaluate, about" in cost(compile_pipeline(text, stage))
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
    assert "GPU hours at most, by the jobs' time limits" in cost(compiled)
    assert "2.40" in cost(compiled)
